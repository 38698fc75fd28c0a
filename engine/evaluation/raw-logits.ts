/** @file What a network gives before labels are made of it: for comparing it number by number with other programs. Arrays here are [channel, x, y, z], z fastest, as PyTorch and e3nn_Unet have them. */
import { tensor5d, tidy } from '@tensorflow/tfjs-core';
import { accepts, acceptedSizes, pooledSizes, printSizes, type AlongAxes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import type { Volume } from '../math/volume';
import type { Network } from '../model/network';
import { uprightCanvas, type Margin } from './predict-volume';

export interface ChannelVolume {
  readonly shape: readonly [channel: number, x: number, y: number, z: number];
  readonly data: Float32Array;
}

/**
 * Logits of a volume as it is: no normalisation, no canvas. Where its sizes are not divided by the network's poolings it is padded with zeros, as the spec says: in front, or on
 * both sides (the odd voxel behind); the result is cut to the volume's own sizes.
 * @param name of the input, for messages
 * @throws GyraError where the number of channels is not the network's
 */
export function rawLogits(network: Network, { shape, data }: ChannelVolume, name: string): ChannelVolume {
  const { inputs, outputs } = network.spec;
  const [channels, ...size] = shape as readonly [number, ...number[]];
  if (channels !== inputs) throw badInput(`${name} has ${channels} channels, and the model takes ${inputs}.`, 'Give a tensor of shape [channel, x, y, z] with the channels of the model.');
  const sizes = size as unknown as AlongAxes;
  const accepted = acceptedSizes(network.spec);
  const { multiple, remainder } = pooledSizes(network.spec);
  const padded = accepts(accepted, sizes) ? sizes : (sizes.map((voxels, axis) => Math.max(0, Math.ceil((voxels - remainder) / multiple[axis]!)) * multiple[axis]! + remainder) as unknown as AlongAxes);
  if (!accepts(accepted, padded)) throw badInput(`${name} has ${sizes.join('x')} voxels, and the model takes ${printSizes(accepted)}.`, 'Cut or pad the tensor to such a size.');
  const before = sizes.map((voxels, axis) => Math.floor((padded[axis]! - voxels) / 2)) as unknown as AlongAxes;
  const input = new Float32Array(padded[0] * padded[1] * padded[2] * inputs);
  const voxels = sizes[0] * sizes[1] * sizes[2];
  forEachVoxel(sizes, before, padded, (fileIndex, paddedIndex) => {
    for (let c = 0; c < inputs; c++) input[paddedIndex * inputs + c] = data[c * voxels + fileIndex]!;
  });
  let logits = new Float32Array();
  // not returned from tidy, which would search every element of the array for tensors
  tidy(() => {
    logits = network.logits(tensor5d(input, [1, padded[2], padded[1], padded[0], inputs])).dataSync<'float32'>() as Float32Array<ArrayBuffer>;
  });
  const output = new Float32Array(voxels * outputs);
  forEachVoxel(sizes, before, padded, (fileIndex, paddedIndex) => {
    for (let c = 0; c < outputs; c++) output[c * voxels + fileIndex] = logits[paddedIndex * outputs + c]!;
  });
  return { shape: [outputs, ...sizes], data: output };
}

/** Logits of a case as it lies in its files, one volume a contrast, normalised and on its canvas as for labels, cut out again: the largest channel is the label. */
export function uprightLogits(network: Network, images: readonly Volume<Float32Array>[], name: string, { margin }: Margin = {}): ChannelVolume {
  const canvas = uprightCanvas(network.spec, images, margin);
  const [{ data, shape }] = images as readonly [Volume];
  const canvasShape = canvas[0]!.shape;
  const [px, py, pz] = canvasShape;
  const reordered = new Float32Array(images.length * px * py * pz);
  canvas.forEach((contrast, channel) => forEachVoxel(canvasShape, [0, 0, 0], canvasShape, (fileIndex, paddedIndex) => (reordered[channel * px * py * pz + fileIndex] = contrast.data[paddedIndex]!)));
  const logits = rawLogits(network, { shape: [images.length, px, py, pz], data: reordered }, name);
  const channels = logits.shape[0];
  const [bx, by, bz] = shape.map((size, axis) => Math.floor((canvasShape[axis]! - size) / 2)) as [number, number, number];
  const voxels = data.length;
  const cut = new Float32Array(voxels * channels);
  for (let c = 0; c < channels; c++) forEachVoxel(shape, [0, 0, 0], shape, (fileIndex) => {
    const [x, y, z] = [Math.floor(fileIndex / (shape[1] * shape[2])), Math.floor(fileIndex / shape[2]) % shape[1], fileIndex % shape[2]];
    cut[c * voxels + fileIndex] = logits.data[((c * px + x + bx) * py + y + by) * pz + z + bz]!;
  });
  return { shape: [channels, ...shape], data: cut };
}

/** The index of each voxel in the file (z fastest) and in the padded volume (x fastest). */
function forEachVoxel([nx, ny, nz]: AlongAxes, [bx, by, bz]: AlongAxes, [px, py]: AlongAxes, visit: (fileIndex: number, paddedIndex: number) => void): void {
  for (let x = 0; x < nx; x++) for (let y = 0; y < ny; y++) for (let z = 0; z < nz; z++) visit((x * ny + y) * nz + z, x + bx + px * (y + by + py * (z + bz)));
}
