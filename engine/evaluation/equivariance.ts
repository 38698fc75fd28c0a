/**
 * @file How far a network is from turning its output with its input: |f(R x) - R f(x)| / |f(x)|, layer by layer and at the output. A scalar field moves its voxels; vectors and
 * higher degrees turn their components too. Right angles move voxels exactly, so there a steerable network is left with rounding; between them the lattice and the interpolation of
 * R f(x) show, and only a ball about the centre is compared, away from the border.
 */
import { tensor5d, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { accepts, pooledSizes, printSizes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { Random } from '../math/random';
import { cubeRotations, inverseRotation, isSignedPermutation, rotateVector, rotationAbout, type Vector3 } from '../math/rotation';
import { dimension, parseIrreps, printIrreps, type Irreps } from '../math/so3/irreps';
import { turnField } from '../math/so3/turn-field';
import type { Network } from '../model/network';
import { constantTensors, recordGraph, runGraph, type OperatorGraph, type OperatorNode, type ValueId } from '../model/operator-graph';

export interface LayerEquivariance {
  /** Of the weights it reads, or the operator behind them; `logits` is the whole network. */
  readonly layer: string;
  readonly irreps: string;
  /** Largest error over the 24 rotations of the cube. */
  readonly rightAngles: number;
  /** Mean error over the arbitrary rotations. */
  readonly arbitrary: number;
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

/**
 * Errors of every layer in the order they run, the whole network last. A group CNN gives the last alone: between its layers a rotation also exchanges channels.
 * @throws GyraError where the size does not suit the network or it takes more than one image
 */
export function equivarianceErrors(network: Network, { size, rotations, onProgress = () => {} }: EquivarianceOptions): LayerEquivariance[] {
  const { spec } = network;
  const shape: Shape = [size, size, size];
  if (spec.inputs !== 1) throw badInput(`This model takes ${spec.inputs} channels.`, 'Measure a model with one input image.');
  if (!accepts(pooledSizes(spec), shape)) throw badInput(`This model works on sizes that are ${printSizes(pooledSizes(spec))}, not on ${size}.`, 'Give such a size.');
  const layers = layersOf(network);
  const upright = layers.run(testImage(size));
  const random = Random.stream(0, 'rotations');
  const arbitrary = Array.from({ length: rotations }, () => rotationAbout([random.normal(), random.normal(), random.normal()], 10 + 170 * random.uniform()));
  const all = [...cubeRotations.map(({ matrix }) => matrix), ...arbitrary];
  const sums = upright.map(() => ({ rightAngles: 0, arbitrary: 0 }));
  all.forEach((rotation, done) => {
    layers.run(testImage(size, rotation)).forEach(({ data, shape: here, irreps }, i) => {
      const expected = turnField(upright[i]!.data, here, irreps, rotation);
      if (isSignedPermutation(rotation)) sums[i]!.rightAngles = Math.max(sums[i]!.rightAngles, relativeDistance(data, expected, here, Infinity));
      else sums[i]!.arbitrary += relativeDistance(data, expected, here, comparedRadius) / rotations;
    });
    onProgress(done + 1, all.length);
  });
  return upright.map(({ layer, irreps }, i) => ({ layer, irreps: printIrreps(irreps), ...sums[i]! }));
}

interface Field {
  readonly layer: string;
  readonly irreps: Irreps;
  readonly shape: Shape;
  /** Channels fastest, then x, y, z. */
  readonly data: Float32Array;
}

function layersOf(network: Network): { run(image: Float32Array): Field[] } {
  const { multiple, remainder } = pooledSizes(network.spec);
  const [nx, ny, nz] = multiple.map((size) => size + remainder) as [number, number, number];
  const output = parseIrreps('outputIrreps' in network.spec && network.spec.outputIrreps !== undefined ? network.spec.outputIrreps : `${network.spec.outputs}x0e`);
  const asTensor = (image: Float32Array): Tensor5D => tensor5d(image, [1, ...cube(image.length), 1]);
  const graph = network.spec.architecture === 'group-unet' ? undefined : recordGraph(network, [1, nz, ny, nx, 1]);
  return {
    run: (image) => {
      const fields: Field[] = [];
      tidy(() => {
        if (!graph) fields.push(fieldOf('logits', output, network.logits(asTensor(image))));
        else {
          const irrepsOf = new Map<ValueId, Irreps>([[graph.image, parseIrreps('1x0e')]]);
          let place = '';
          runGraph(graph, asTensor(image), constantTensors(graph), (node, [first]) => {
            const irreps = irrepsAfter(node, irrepsOf, first!.shape[4]!);
            irrepsOf.set(node.outputs[0]!, irreps);
            place = placeOf(node, graph) ?? place;
            fields.push(fieldOf(node.outputs[0] === graph.logits ? 'logits' : `${place} ${node.name}`.trim(), irreps, first as Tensor5D));
          });
        }
      });
      return fields;
    },
  };
}

const cube = (voxels: number): [number, number, number] => {
  const side = Math.round(Math.cbrt(voxels));
  return [side, side, side];
};
const fieldOf = (layer: string, irreps: Irreps, tensor: Tensor5D): Field => ({ layer, irreps, shape: [tensor.shape[3], tensor.shape[2], tensor.shape[1]], data: tensor.dataSync<'float32'>() });

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

/** Seeded blobs all over the image, so that nowhere rounding alone is left, turned exactly: their centres move, and nothing is interpolated. */
function testImage(size: number, rotation?: RotationMatrix): Float32Array {
  const random = Random.stream(0, 'blobs');
  const blobs = Array.from({ length: 150 }, () => {
    const centre: Vector3 = [random.normal(), random.normal(), random.normal()];
    return { centre: centre.map((component) => component * size * 0.3) as unknown as Vector3, width: size * (0.06 + 0.06 * random.uniform()), height: random.normal() };
  });
  const back = rotation && inverseRotation(rotation);
  return Float32Array.from({ length: size ** 3 }, (_, v) => {
    const at: Vector3 = [(v % size) - (size - 1) / 2, (Math.floor(v / size) % size) - (size - 1) / 2, Math.floor(v / size ** 2) - (size - 1) / 2];
    const [x, y, z] = back ? rotateVector(back, at) : at;
    return blobs.reduce((sum, { centre, width, height }) => sum + height * Math.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) / (2 * width ** 2)), 0);
  });
}
