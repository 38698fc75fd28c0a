/** @file Labels of a volume by a network: whole where it fits, else through windows laid symmetrically about the centre. */
import { tensor5d, tidy } from '@tensorflow/tfjs-core';
import type { Shape } from '../contract/engine-api';
import type { ModelSpec } from '../contract/model-spec';
import { accepts, acceptedSizes, printSizes } from '../contract/network-sizes';
import { badInput, cancelled } from '../contract/problem';
import { canvasFor, takeFromCanvas } from '../data/canvas';
import { prepareCase } from '../data/prepared-case';
import { printShape, voxelCount, type Volume } from '../math/volume';
import type { Network } from '../model/network';

export interface WindowOptions {
  /** Volumes up to this many voxels are predicted whole. */
  readonly wholeVoxels: number;
  /** Longest side of a window. */
  readonly windowSize: number;
}
const defaultWindows: WindowOptions = { wholeVoxels: 160 ** 3, windowSize: 128 };

/**
 * Labels of a normalised image, x fastest; the first of equal channels wins.
 * @param shape sizes the network takes (`acceptedSizes`)
 * @param isCancelled asked before each window; ends with a GyraError of code `cancelled`
 */
export function predictVolume(network: Network, image: Float32Array, shape: Shape, isCancelled: () => boolean = () => false, { wholeVoxels, windowSize }: WindowOptions = defaultWindows): Uint8Array {
  const { inputs, outputs } = network.spec;
  const sizes = acceptedSizes(network.spec);
  if (inputs !== 1) throw badInput(`This model takes ${inputs} images of each case.`, 'Use a model with one input.');
  if (!accepts(sizes, shape)) throw badInput(`This model works on sizes that are ${printSizes(sizes)}, not on ${printShape(shape)}.`, 'Place the volume on a canvas of such a size first.');
  if (voxelCount(shape) <= wholeVoxels) return largestChannel(logitsOf(network, image, shape), outputs);
  const sum = new Float32Array(voxelCount(shape) * outputs);
  const window = sizes.multiple.map((multiple) => sizes.remainder + Math.max(1, Math.floor((windowSize - sizes.remainder) / multiple)) * multiple) as unknown as Shape;
  for (const { start, size } of windowsOf(shape, window)) {
    if (isCancelled()) throw cancelled();
    const rows = rowsOf(shape, start, size);
    const cut = new Float32Array(voxelCount(size));
    for (const { inVolume, inWindow } of rows) cut.set(image.subarray(inVolume, inVolume + size[0]), inWindow);
    const logits = logitsOf(network, cut, size);
    const [wx, wy, wz] = size.map(gaussian);
    for (const { inVolume, inWindow, y, z } of rows)
      for (let x = 0; x < size[0]; x++) {
        const weight = wx[x] * wy[y] * wz[z];
        for (let channel = 0; channel < outputs; channel++) sum[(inVolume + x) * outputs + channel] += weight * logits[(inWindow + x) * outputs + channel];
      }
  }
  // Every channel of a voxel has the same sum of weights, so the largest needs no division.
  return largestChannel(sum, outputs);
}

/** An image as it lies in its file, normalised and upright on the canvas of a network. */
export function uprightCanvas(spec: ModelSpec, image: Volume<Float32Array>): Volume<Float32Array> {
  // A network that pads in front does so itself.
  const shape = spec.padding === 'front' ? image.shape : canvasFor(image.shape, acceptedSizes(spec));
  return prepareCase({ image, labels: null }, shape).image.volume;
}

/** Labels of an image as it lies in its file: normalised, placed upright on its canvas, predicted, cut out again. */
export function predictUpright(network: Network, image: Volume<Float32Array>): Volume<Uint8Array> {
  const canvas = uprightCanvas(network.spec, image);
  return takeFromCanvas({ data: predictVolume(network, canvas.data, canvas.shape), shape: canvas.shape }, image.shape);
}

function logitsOf(network: Network, image: Float32Array, [nx, ny, nz]: Shape): Float32Array {
  let logits = new Float32Array();
  // not returned from tidy, which would search every element of the array for tensors
  tidy(() => {
    logits = network.logits(tensor5d(image, [1, nz, ny, nx, 1])).dataSync<'float32'>() as Float32Array<ArrayBuffer>;
  });
  return logits;
}

interface Window {
  readonly start: Shape;
  readonly size: Shape;
}

/** Windows that overlap by half or more and cover the volume, the same from both ends of each axis. */
export function windowsOf(shape: Shape, window: Shape): Window[] {
  const size = shape.map((length, axis) => Math.min(length, window[axis])) as unknown as Shape;
  const [xs, ys, zs] = shape.map((length, axis) => {
    const free = length - size[axis];
    const steps = Math.ceil((2 * free) / size[axis]);
    // Rounding down in the first half and up in the second keeps the two ends alike.
    return Array.from({ length: steps + 1 }, (_, i) => (steps === 0 ? 0 : 2 * i <= steps ? Math.floor((i * free) / steps) : free - Math.floor(((steps - i) * free) / steps)));
  });
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => ({ start: [x, y, z] as const, size }))));
}

function rowsOf([nx, ny]: Shape, [x0, y0, z0]: Shape, [wx, wy, wz]: Shape): { inVolume: number; inWindow: number; y: number; z: number }[] {
  return Array.from({ length: wy * wz }, (_, row) => {
    const y = row % wy;
    const z = Math.floor(row / wy);
    return { inVolume: x0 + nx * (y + y0 + ny * (z + z0)), inWindow: wx * row, y, z };
  });
}

/** Weights along one axis: standard deviation an eighth of the window, as nnU-Net (Isensee et al., Nature Methods 2021). */
const gaussian = (size: number): Float64Array => Float64Array.from({ length: size }, (_, i) => Math.exp(-(((i - (size - 1) / 2) / (size / 8)) ** 2) / 2));

/** The first of the largest channels of each voxel. */
function largestChannel(values: Float32Array, channels: number): Uint8Array {
  const labels = new Uint8Array(values.length / channels);
  for (let voxel = 0; voxel < labels.length; voxel++) {
    let best = voxel * channels;
    for (let i = best + 1; i < (voxel + 1) * channels; i++) if (values[i] > values[best]) best = i;
    labels[voxel] = best - voxel * channels;
  }
  return labels;
}
