/** @file Labels of a volume by a network: whole where it fits, else through windows laid symmetrically about the centre. */
import { tensor5d, tidy } from '@tensorflow/tfjs-core';
import type { Shape } from '../contract/engine-api';
import type { ModelSpec } from '../contract/model-spec';
import { accepts, acceptedSizes, printSizes } from '../contract/network-sizes';
import { badInput, cancelled } from '../contract/problem';
import { canvasFor, takeFromCanvas } from '../data/canvas';
import { prepareCase } from '../data/prepared-case';
import { channelsLast, printShape, voxelCount, type Volume } from '../math/volume';
import type { Network } from '../model/network';

/** Volumes of up to so many voxels are predicted whole where no window is asked for; larger ones through windows of this size. */
const [wholeVoxels, defaultWindow] = [160 ** 3, 128];

export interface PredictOptions {
  /** Asked before each window; ends with a GyraError of code `cancelled`. */
  readonly isCancelled?: () => boolean;
  /** Side of the windows in voxels, rounded up to what the network takes, as a patch in training is; an axis no longer than that is not cut. */
  readonly windowSize?: number;
}

/**
 * Labels of a case from its normalised contrasts, each x fastest; the first of equal channels wins.
 * @param shape sizes the network takes (`acceptedSizes`)
 */
export function predictVolume(network: Network, images: readonly Float32Array[], shape: Shape, { isCancelled = () => false, windowSize }: PredictOptions = {}): Uint8Array {
  const { inputs, outputs } = network.spec;
  const sizes = acceptedSizes(network.spec);
  if (inputs !== images.length) throw badInput(`This model takes ${contrasts(inputs)} of each case, and there ${images.length === 1 ? 'is' : 'are'} ${images.length}.`, 'Use a model with as many inputs as the case has contrasts.');
  if (!accepts(sizes, shape)) throw badInput(`This model works on sizes that are ${printSizes(sizes)}, not on ${printShape(shape)}.`, 'Place the volume on a canvas of such a size first.');
  const side = windowSize ?? defaultWindow;
  const window = canvasFor([side, side, side], sizes);
  if (windowSize === undefined ? voxelCount(shape) <= wholeVoxels : shape.every((extent, axis) => extent <= window[axis]!)) return largestChannel(logitsOf(network, images, shape), outputs);
  const sum = new Float32Array(voxelCount(shape) * outputs);
  for (const { start, size } of windowsOf(shape, window)) {
    if (isCancelled()) throw cancelled();
    const rows = rowsOf(shape, start, size);
    const cut = images.map((image) => {
      const window = new Float32Array(voxelCount(size));
      for (const { inVolume, inWindow } of rows) window.set(image.subarray(inVolume, inVolume + size[0]), inWindow);
      return window;
    });
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

export interface Margin {
  /** Voxels of fill an axis, in all, around the case at least (`trainedMargin`); default 0. */
  readonly margin?: number;
}

/** The contrasts of a case as they lie in their files, normalised and upright on the canvas of a network. */
export function uprightCanvas(spec: ModelSpec, images: readonly Volume<Float32Array>[], margin?: number): Volume<Float32Array>[] {
  const [{ shape: own }] = images as readonly [Volume];
  // A network that pads in front does so itself.
  const shape = spec.padding === 'front' ? own : canvasFor(own, acceptedSizes(spec), margin);
  return prepareCase({ images, labels: null }, shape).images.map(({ volume }) => volume);
}

/** Labels of a case as it lies in its files, one volume a contrast: normalised, placed upright on its canvas, predicted, cut out again. */
export function predictUpright(network: Network, images: readonly Volume<Float32Array>[], { margin, ...options }: PredictOptions & Margin = {}): Volume<Uint8Array> {
  const canvas = uprightCanvas(network.spec, images, margin);
  const { shape } = canvas[0]!;
  return takeFromCanvas({ data: predictVolume(network, canvas.map(({ data }) => data), shape, options), shape }, images[0]!.shape);
}

function logitsOf(network: Network, images: readonly Float32Array[], [nx, ny, nz]: Shape): Float32Array {
  let logits = new Float32Array();
  // not returned from tidy, which would search every element of the array for tensors
  tidy(() => {
    logits = network.logits(tensor5d(channelsLast(images), [1, nz, ny, nx, images.length])).dataSync<'float32'>() as Float32Array<ArrayBuffer>;
  });
  return logits;
}

const contrasts = (count: number): string => `${count} contrast${count === 1 ? '' : 's'}`;

interface Window {
  readonly start: Shape;
  readonly size: Shape;
}

/** Windows that overlap by half or more and cover the volume, the same from both ends of each axis. */
export function windowsOf(shape: Shape, window: Shape): Window[] {
  const size = shape.map((length, axis) => Math.min(length, window[axis])) as unknown as Shape;
  const [xs, ys, zs] = shape.map((length, axis) => {
    const free = length - size[axis];
    const half = Math.ceil((2 * free) / size[axis]);
    // an even number of steps has a window in the middle, which must be the same distance from both ends
    const steps = half % 2 === 0 && free % 2 === 1 ? half + 1 : half;
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
