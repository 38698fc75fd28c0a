/**
 * @file A network as the list of operators it runs: recorded from one run, whatever its architecture. Folding, export and the equivariance meter read this list instead of
 * knowing architectures.
 */
import { tensor, tidy, type Tensor, type Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { Random } from '../math/random';
import type { Operators, OperatorName } from '../ops/operators';
import { recordOperators, runOperator, type OperatorCall, type OperatorInputs } from '../ops/run-operator';
import type { Network } from './network';

/** Stands for a tensor; each is given once. */
export type ValueId = number;

export type OperatorNode = { readonly [N in OperatorName]: { readonly name: N; readonly inputs: Readonly<Record<Operators[N]['inputs'], ValueId>>; readonly attributes: Operators[N]['attributes']; readonly outputs: readonly ValueId[] } }[OperatorName];

/** A tensor that is the same in every run. */
export interface Constant {
  /** Of the network's variable it is, or made up. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface OperatorGraph {
  readonly image: ValueId;
  readonly logits: ValueId;
  readonly nodes: readonly OperatorNode[];
  readonly constants: ReadonlyMap<ValueId, Constant>;
  /** Of the feature maps. */
  readonly channels: ReadonlyMap<ValueId, number>;
}

/**
 * The operators a network runs for an image, with its present weights. Sizes of the volume are not part of it.
 * @param shape [1, z, y, x, channel] of an image the network takes; a small one is enough
 * @throws GyraError where the network computes with anything but our operators: it could not be recorded
 */
export function recordGraph(network: Network, shape: Tensor5D['shape']): OperatorGraph {
  const names = new Map([...network.variables].map(([name, value]) => [value.id, name]));
  const nodes: OperatorNode[] = [];
  const constants = new Map<ValueId, Constant>();
  const channels = new Map<ValueId, number>();
  let ends: Pick<OperatorGraph, 'image' | 'logits'> | undefined;
  // nothing is returned from tidy, which would search every element of the constants for tensors
  tidy(() => {
    const image = noise(shape, 'recorded');
    /** What follows from the image; all else is the same in every run. */
    const known = new Set([image.id]);
    recordOperators(
      ({ name, inputs, attributes, outputs }: OperatorCall) => {
        const values = Object.values(inputs) as Tensor[];
        if (!values.some(({ id }) => known.has(id))) return;
        for (const value of values) {
          if (known.has(value.id) || constants.has(value.id)) continue;
          constants.set(value.id, { name: names.get(value.id) ?? `constant.${constants.size}`, shape: value.shape, data: Float32Array.from(value.dataSync<'float32'>()) });
        }
        for (const { id, shape } of outputs) {
          known.add(id);
          channels.set(id, shape.at(-1)!);
        }
        nodes.push({ name, inputs: Object.fromEntries(Object.entries(inputs).map(([key, { id }]) => [key, id])), attributes, outputs: outputs.map(({ id }) => id) } as unknown as OperatorNode);
      },
      () => (ends = { image: image.id, logits: network.logits(image).id }),
    );
  });
  const graph: OperatorGraph = { ...ends!, nodes, constants, channels };
  const unknown = (): Error => badInput(`A network of architecture ${network.spec.architecture} cannot be taken apart into operators: it computes with more than these.`, 'This is a fault in Gyra; please report it.');
  if (!nodes.some(({ outputs }) => outputs.includes(graph.logits))) throw unknown();
  // Whatever is computed outside our operators was taken for a constant: another image shows it.
  tidy(() => {
    const image = noise(shape, 'compared');
    const expected = network.logits(image).dataSync<'float32'>();
    const found = runGraph(graph, image, constantTensors(graph)).dataSync<'float32'>();
    if (found.length !== expected.length || found.some((value, i) => !Object.is(value, expected[i]))) throw unknown();
  });
  return graph;
}

function noise(shape: Tensor5D['shape'], name: string): Tensor5D {
  const random = Random.stream(0, name);
  return tensor(Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()), shape);
}

/** The constants as tensors, for the caller to dispose. */
export const constantTensors = ({ constants }: OperatorGraph): Map<ValueId, Tensor> => new Map([...constants].map(([id, { shape, data }]) => [id, tensor(data, [...shape])]));

/**
 * Runs the list for an image. What is not needed any more is disposed on the way.
 * @param visit sees each node's outputs
 * @returns logits [1, z, y, x, channel]
 */
export function runGraph({ image: imageId, logits, nodes, constants }: OperatorGraph, image: Tensor5D, constantValues: ReadonlyMap<ValueId, Tensor>, visit: (node: OperatorNode, outputs: readonly Tensor[]) => void = () => {}): Tensor5D {
  const lastUse = new Map(nodes.flatMap(({ inputs }, at) => Object.values(inputs).map((id) => [id, at] as const)));
  return tidy(() => {
    const values = new Map<ValueId, Tensor>([...constantValues, [imageId, image]]);
    nodes.forEach((node, at) => {
      const inputs = Object.fromEntries(Object.entries(node.inputs).map(([key, id]) => [key, values.get(id)!])) as OperatorInputs<OperatorName>;
      const outputs = runOperator(node.name, inputs, attributesFor(node, inputs));
      outputs.forEach((output, i) => values.set(node.outputs[i]!, output));
      visit(node, outputs);
      for (const id of new Set(Object.values(node.inputs))) if (lastUse.get(id) === at && id !== imageId && id !== logits && !constants.has(id)) values.get(id)!.dispose();
    });
    return values.get(logits) as Tensor5D;
  });
}

/** Attributes that say the size of the volume say that of this one. */
function attributesFor(node: OperatorNode, inputs: OperatorInputs<OperatorName>): Operators[OperatorName]['attributes'] {
  if (node.name !== 'Resample') return node.attributes;
  const [, nz, ny, nx] = (inputs as OperatorInputs<'Resample'>).x.shape;
  return { ...node.attributes, size: [nx!, ny!, nz!] };
}
