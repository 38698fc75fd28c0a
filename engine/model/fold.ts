/**
 * @file Folding: a trained steerable network as an ordinary CNN. Each steerable convolution becomes one convolution with the kernel it stands for, assembled once, the
 * self-connection added to its centre tap; every other operator stays. The output is the same to rounding.
 */
import { variable, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import { pooledSizes } from '../contract/network-sizes';
import { dimension } from '../math/so3/irreps';
import { lattice } from '../math/so3/lattice';
import { selfConnectionMatrix } from '../math/so3/self-connection-matrix';
import { steerableKernel } from '../math/so3/steerable-kernel';
import type { SteerableConvolutionAttributes } from '../ops/operators';
import type { Network } from './network';
import { constantTensors, recordGraph, runGraph, type Constant, type OperatorGraph, type OperatorNode, type ValueId } from './operator-graph';

/** The network's operators with its present weights, folded, for volumes that its poolings divide: padding stays outside. */
export function foldedGraph(network: Network): OperatorGraph {
  const { multiple, remainder } = pooledSizes(network.spec);
  const [nx, ny, nz] = multiple.map((size) => size + remainder);
  return fold(recordGraph(network, [1, nz!, ny!, nx!, network.spec.inputs]));
}

/** The folded network as one the engine runs, on sizes its poolings divide; its variables are the dense kernels and what was not folded. The caller disposes it. */
export function foldNetwork(network: Network): Network {
  const graph = foldedGraph(network);
  const values = new Map<ValueId, Variable>(
    [...constantTensors(graph)].map(([id, value]) => {
      const made = variable(value);
      value.dispose();
      return [id, made];
    }),
  );
  return {
    spec: { ...network.spec, padding: 'centred' },
    variables: new Map([...values].map(([id, value]) => [graph.constants.get(id)!.name, value])),
    statistics: new Map(),
    logits: (image: Tensor5D) => runGraph(graph, image, values),
    dispose: () => values.forEach((value) => value.dispose()),
  };
}

/** Weights that several convolutions share are folded once for each. */
function fold({ nodes, constants, ...ends }: OperatorGraph): OperatorGraph {
  const folded = new Map(constants);
  let next = Math.max(ends.image, ...nodes.flatMap(({ outputs }) => outputs), ...constants.keys()) + 1;
  /** Paddings of no voxels fall away: who read one reads what it read. */
  const readAs = new Map<ValueId, ValueId>();
  const read = (id: ValueId): ValueId => readAs.get(id) ?? id;
  const replaced = nodes.flatMap((original): OperatorNode[] => {
    const node = { ...original, inputs: Object.fromEntries(Object.entries(original.inputs).map(([key, id]) => [key, read(id)])) } as OperatorNode;
    if (node.name === 'Resample' && (node.attributes.method === 'pad' || node.attributes.method === 'crop')) {
      readAs.set(node.outputs[0]!, node.inputs.x);
      return [];
    }
    if (node.name !== 'SteerableConvolution' && node.name !== 'SteerableConvolutionOfTwo') return [node];
    const { weight, self } = node.inputs;
    folded.set(next, denseKernel(node.attributes, constants.get(weight)!, constants.get(self)!));
    const made = { attributes: {}, outputs: node.outputs };
    if (node.name === 'SteerableConvolution') return [{ name: 'Convolution', inputs: { x: node.inputs.x, weight: next++ }, ...made }];
    return [{ name: 'ConvolutionOfTwo', inputs: { a: node.inputs.a, b: node.inputs.b, weight: next++ }, ...made }];
  });
  const used = new Set(replaced.flatMap(({ inputs }) => Object.values(inputs)));
  return { image: ends.image, logits: read(ends.logits), channels: ends.channels, nodes: replaced, constants: new Map([...folded].filter(([id]) => used.has(id))) };
}

/** [k, k, k, in, out] over (z, y, x); k is the largest extent of the lattice, zero where it does not reach. */
function denseKernel(attributes: SteerableConvolutionAttributes, weight: Constant, self: Constant): Constant {
  const { irrepsIn, irrepsOut } = attributes;
  const layout = { ...attributes, lattice: lattice(attributes.lattice) };
  const reach = Math.max(...layout.lattice.reach);
  const size = 2 * reach + 1;
  const block = dimension(irrepsIn) * dimension(irrepsOut);
  const dense = new Float64Array(size ** 3 * block);
  const assembled = steerableKernel(layout, weight.data);
  const blockAt = ([x, y, z]: readonly [number, number, number]): number => (((z + reach) * size + y + reach) * size + x + reach) * block;
  layout.lattice.taps.forEach(({ offset }, tap) => dense.set(assembled.subarray(tap * block, (tap + 1) * block), blockAt(offset)));
  const centre = blockAt([0, 0, 0]);
  selfConnectionMatrix(irrepsIn, irrepsOut, self.data).forEach((value, i) => (dense[centre + i] += value));
  return { name: weight.name, shape: [size, size, size, dimension(irrepsIn), dimension(irrepsOut)], data: Float32Array.from(dense) };
}
