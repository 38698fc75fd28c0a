/**
 * @file How far a network is from turning its output with its input: |f(R x) - R f(x)| / |f(x)|, layer by layer and at the output. A scalar field moves its voxels; vectors and
 * higher degrees turn their components too. Right angles move voxels exactly, so there a steerable network is left with rounding; between them the lattice and the interpolation of
 * R f(x) show, and only a ball about the centre is compared, away from the border.
 */
import { tensor5d, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import type { RotationMatrix, Shape } from '../contract/engine-api';
import type { ModelSpec } from '../contract/model-spec';
import { accepts, levelsOf, pooledSizes, printSizes, type AlongAxes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { Random } from '../math/random';
import { cubeRotations, identityRotation, inverseRotation, isSignedPermutation, rotateVector, rotationAbout, type Vector3 } from '../math/rotation';
import { quotients, rotationGroup } from '../math/rotation-group';
import { dimension, parseIrreps, printIrreps, type Irreps } from '../math/so3/irreps';
import { turnComponents, turnField } from '../math/so3/turn-field';
import type { Network } from '../model/network';
import { constantTensors, recordGraph, runGraph, type OperatorGraph, type OperatorNode, type ValueId } from '../model/operator-graph';

export interface LayerEquivariance {
  /** Of the weights it reads, or the operator behind them; `logits` is the whole network. */
  readonly layer: string;
  readonly irreps: string;
  /** Largest error over the right angles (`rightAnglesOf`); of a layer of a group CNN, over its group. */
  readonly rightAngles: number;
  /** Mean error over the arbitrary rotations; nothing for a layer of a group CNN, which they do not turn, and where voxels are no cubes. */
  readonly arbitrary: number | undefined;
}
export interface EquivarianceOptions {
  /** Voxels along each axis of the test image; one that the network's poolings divide. */
  readonly size: number;
  /** How many arbitrary rotations. */
  readonly rotations: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/** Part of the half side within which arbitrary rotations are compared. */
const comparedRadius = 0.6;

/** Of every level. */
const stepsOf = (spec: ModelSpec): readonly AlongAxes[] => (spec.architecture === 'steerable-unet' ? levelsOf(spec).map(({ steps }) => steps) : []);
/** The rotations of the cube that carry the network's voxels onto voxels: all 24, or fewer where its steps differ. */
export const rightAnglesOf = (spec: ModelSpec): readonly RotationMatrix[] =>
  cubeRotations.map(({ matrix }) => matrix).filter((matrix) => stepsOf(spec).every((steps) => rotateVector(matrix, steps).every((step, axis) => Math.abs(step) === steps[axis])));

/**
 * Errors of every layer in the order they run, the whole network last.
 * @throws GyraError where the size does not suit the network
 */
export function equivarianceErrors(network: Network, { size, rotations, onProgress = () => {} }: EquivarianceOptions): LayerEquivariance[] {
  const { spec } = network;
  const shape: Shape = [size, size, size];
  if (!accepts(pooledSizes(spec), shape)) throw badInput(`This model works on sizes that are ${printSizes(pooledSizes(spec))}, not on ${size}.`, 'Give such a size (--size).');
  const input = parseIrreps('inputIrreps' in spec && spec.inputIrreps !== undefined ? spec.inputIrreps : `${spec.inputs}x0e`);
  const group = spec.architecture === 'group-unet' ? rotationGroup(spec.group) : undefined;
  const layers = layersOf(network, input, group?.length ?? 1);
  const upright = layers.run(testImage(size, input));
  const random = Random.stream(0, 'rotations');
  const areCubes = stepsOf(spec).every((steps) => steps.every((step) => step === steps[0]));
  const arbitrary = areCubes ? Array.from({ length: rotations }, () => rotationAbout([random.normal(), random.normal(), random.normal()], 10 + 170 * random.uniform())) : [];
  const all = [...rightAnglesOf(spec), ...arbitrary];
  const errors = upright.map(() => ({ rightAngles: 0, arbitrary: [] as number[] }));
  all.forEach((rotation, done) => {
    layers.run(testImage(size, input, rotation)).forEach(({ data }, i) => {
      const expected = turned(upright[i]!, rotation, group);
      if (!expected) return;
      const { shape: here } = upright[i]!;
      if (isSignedPermutation(rotation)) errors[i]!.rightAngles = Math.max(errors[i]!.rightAngles, relativeDistance(data, expected, here, Infinity));
      else errors[i]!.arbitrary.push(relativeDistance(data, expected, here, comparedRadius));
    });
    onProgress(done + 1, all.length);
  });
  return upright.map(({ layer, irreps }, i) => {
    const { rightAngles, arbitrary: others } = errors[i]!;
    return { layer, irreps: printIrreps(irreps), rightAngles, arbitrary: others.length > 0 ? others.reduce((sum, error) => sum + error, 0) / others.length : undefined };
  });
}

/** A field as it is when the image is turned. Over a group, f(p, g) becomes f(h^-1 p, h^-1 g); undefined where the rotation is not in it. */
function turned({ data, shape, irreps, elements }: Field, rotation: RotationMatrix, group: readonly RotationMatrix[] = []): Float32Array | undefined {
  if (elements === 1) return turnField(data, shape, irreps, rotation);
  const number = group.findIndex((matrix) => matrix.every((entry, i) => entry === rotation[i]));
  if (number < 0) return undefined;
  const moved = turnField(data, shape, irreps, rotation);
  const channels = dimension(irreps);
  const features = channels / elements;
  const from = quotients(group).slice(number * elements, (number + 1) * elements);
  return moved.map((_, i) => {
    const [voxel, channel] = [Math.floor(i / channels), i % channels];
    return moved[voxel * channels + from[Math.floor(channel / features)]! * features + (channel % features)]!;
  });
}

interface Field {
  readonly layer: string;
  readonly irreps: Irreps;
  readonly shape: Shape;
  /** Of a group, which the channels run over as (element, channel); 1 without. */
  readonly elements: number;
  /** Channels fastest, then x, y, z. */
  readonly data: Float32Array;
}

function layersOf(network: Network, input: Irreps, order: number): { run(image: Float32Array): Field[] } {
  const { multiple, remainder } = pooledSizes(network.spec);
  const [nx, ny, nz] = multiple.map((size) => size + remainder) as [number, number, number];
  const channels = dimension(input);
  const asTensor = (image: Float32Array): Tensor5D => tensor5d(image, [1, ...cube(image.length / channels), channels]);
  const graph = recordGraph(network, [1, nz, ny, nx, channels]);
  return {
    run: (image) => {
      const fields: Field[] = [];
      tidy(() => {
        const irrepsOf = new Map<ValueId, Irreps>([[graph.image, input]]);
        let place = '';
        runGraph(graph, asTensor(image), constantTensors(graph), (node, [first]) => {
          const irreps = irrepsAfter(node, irrepsOf, first!.shape[4]!);
          irrepsOf.set(node.outputs[0]!, irreps);
          place = placeOf(node, graph) ?? place;
          const isWhole = node.outputs[0] === graph.logits;
          fields.push(fieldOf(isWhole ? 'logits' : `${place} ${node.name}`.trim(), irreps, isWhole ? 1 : order, first as Tensor5D));
        });
      });
      return fields;
    },
  };
}

const cube = (voxels: number): [number, number, number] => {
  const side = Math.round(Math.cbrt(voxels));
  return [side, side, side];
};
const fieldOf = (layer: string, irreps: Irreps, elements: number, tensor: Tensor5D): Field => ({ layer, irreps, elements, shape: [tensor.shape[3], tensor.shape[2], tensor.shape[1]], data: tensor.dataSync<'float32'>() });

/** How an operator's output turns. Channels of an ordinary network are taken for scalars: nothing else is said about them. */
function irrepsAfter(node: OperatorNode, irrepsOf: ReadonlyMap<ValueId, Irreps>, channels: number): Irreps {
  if ('irrepsOut' in node.attributes) return node.attributes.irrepsOut;
  if ('irreps' in node.attributes && dimension(node.attributes.irreps) === channels) return node.attributes.irreps;
  const read = Object.values(node.inputs).flatMap((id) => irrepsOf.get(id) ?? []);
  return dimension(read) === channels ? read : parseIrreps(`${channels}x0e`);
}

/** The block and layer an operator with weights belongs to. */
function placeOf({ inputs }: OperatorNode, { constants }: OperatorGraph): string | undefined {
  const named = Object.values(inputs).flatMap((id) => constants.get(id)?.name ?? []).find((name) => name.includes('.') && !name.startsWith('constant.'));
  return named?.slice(0, named.lastIndexOf('.'));
}

/** Root of the sum of squares of the difference over that of what is expected, within a part of the half side. */
function relativeDistance(found: Float32Array, expected: Float32Array, [nx, ny, nz]: Shape, radius: number): number {
  const channels = found.length / (nx * ny * nz);
  const centre = [(nx - 1) / 2, (ny - 1) / 2, (nz - 1) / 2];
  let [difference, whole] = [0, 0];
  for (let v = 0; v < nx * ny * nz; v++) {
    const distance = Math.hypot((v % nx) - centre[0]!, (Math.floor(v / nx) % ny) - centre[1]!, Math.floor(v / (nx * ny)) - centre[2]!);
    if (distance > (radius * Math.min(nx, ny, nz)) / 2) continue;
    for (let i = v * channels; i < (v + 1) * channels; i++) {
      difference += (found[i]! - expected[i]!) ** 2;
      whole += expected[i]! ** 2;
    }
  }
  return whole === 0 ? 0 : Math.sqrt(difference / whole);
}

/** Seeded blobs all over the image, so that nowhere rounding alone is left, turned exactly: their centres move, their components turn, and nothing is interpolated. */
function testImage(size: number, irreps: Irreps, rotation: RotationMatrix = identityRotation): Float32Array {
  const random = Random.stream(0, 'blobs');
  const channels = dimension(irreps);
  const blobs = Array.from({ length: 150 }, () => {
    const centre: Vector3 = [random.normal(), random.normal(), random.normal()];
    const width = size * (0.06 + 0.06 * random.uniform());
    const components = Float32Array.from({ length: channels }, () => random.normal());
    return { centre: centre.map((component) => component * size * 0.3) as unknown as Vector3, width, components: turnComponents(components, irreps, rotation) };
  });
  const back = inverseRotation(rotation);
  const image = new Float32Array(size ** 3 * channels);
  for (let v = 0; v < size ** 3; v++) {
    const [x, y, z] = rotateVector(back, [(v % size) - (size - 1) / 2, (Math.floor(v / size) % size) - (size - 1) / 2, Math.floor(v / size ** 2) - (size - 1) / 2]);
    for (const { centre, width, components } of blobs) {
      const height = Math.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) / (2 * width ** 2));
      for (let c = 0; c < channels; c++) image[v * channels + c]! += components[c]! * height;
    }
  }
  return image;
}
