/** @file About how long operators take on this machine: each distinct one is timed on a part of its volume, and the time scaled by its multiply-adds. */
import { tensor, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { startBackend } from '../backends/choose';
import { multiplyAdds, type OperatorShapes } from '../model/multiply-adds';
import { runOperator } from '../ops/run-operator';

/** Multiply-adds a timed convolution has at most, where it can be cut: some tens of milliseconds. What only reads and writes has a 25th. */
const timedMultiplyAdds = 5e8;
/** Planes and rows a part keeps at least: as many as the kernels' tiles. */
const fewest = 16;
/** Weights and other tensors without a volume are timed with so many elements at most. */
const timedElements = 2 ** 20;

/**
 * Seconds of each list of calls, one after the other. An estimate: what other programs take of the machine meanwhile counts. Replaces the current backend.
 * @param lists may share calls, each distinct one is timed once
 * @param most multiply-adds of what is timed
 */
export async function estimateSeconds(lists: readonly (readonly OperatorShapes[])[], threads?: number, most = timedMultiplyAdds): Promise<number[]> {
  const { dispose } = await startBackend({ threads });
  try {
    const known = new Map<string, number>();
    const secondsOf = (call: OperatorShapes): number => {
      const key = JSON.stringify(call);
      if (!known.has(key)) known.set(key, timed(call, partOf(call, most)));
      return known.get(key)!;
    };
    return lists.map((calls) => calls.reduce((sum, call) => sum + secondsOf(call), 0));
  } finally {
    await dispose();
  }
}

/** The better of two runs of a part, after one that compiles, scaled to the whole. */
function timed(call: OperatorShapes, part: OperatorShapes): number {
  let seconds = Infinity;
  tidy(() => {
    const inputs = Object.fromEntries(Object.entries(part.shapes).map(([name, shape]) => [name, filled(name, shape)]));
    for (let turn = 0; turn < 3; turn++) {
      const start = performance.now();
      tidy(() => void runOperator(part.name, inputs as Parameters<typeof runOperator>[1], part.attributes as Parameters<typeof runOperator>[2]));
      if (turn > 0) seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
  });
  return seconds * (multiplyAdds(call) / Math.max(1, multiplyAdds(part)));
}

/** Fractions in turn, so that nothing is denormal or all alike; labels are 0. */
function filled(name: string, shape: readonly number[]): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  if (name === 'labels') return tensor(new Int32Array(size), [...shape], 'int32');
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = 0.1 + ((i * 0.618) % 1);
  return tensor(values, [...shape]);
}

/** The call on fewer planes and rows; whole lines along x, because kernels choose their blocks by them. */
function partOf(call: OperatorShapes, most: number): OperatorShapes {
  // its tensors have no volume, and all the same shape
  if (call.name === 'AdamStep') return withShapes(call, (shape) => [Math.min(timedElements, shape.reduce((product, n) => product * n, 1))]);
  // its attributes say the size of the volume
  if (call.name === 'Resample' || call.name === 'ResampleBackward') return call;
  const limit = /Convolution|SelfConnection/.test(call.name) ? most : most / 25;
  let part: OperatorShapes = call;
  for (const axis of [1, 2] as const) {
    const sizes = Object.values(part.shapes as Record<string, readonly number[]>).filter(isVolume).map((shape) => shape[axis]);
    const smallest = Math.min(...sizes);
    const excess = multiplyAdds(part) / limit;
    if (excess <= 1 || sizes.length === 0) continue;
    const window = call.name === 'MaxPool' ? call.attributes.extent[3 - axis]! : 1;
    // what is pooled keeps its ratio to what it is made of, and whole windows
    for (let size = Math.max(Math.min(fewest, smallest), Math.ceil(smallest / excess)); size < smallest; size++)
      if (size % window === 0 && sizes.every((one) => (one * size) % smallest === 0)) {
        part = withShapes(part, (shape) => (isVolume(shape) ? shape.map((one, a) => (a === axis ? (one * size) / smallest : one)) : shape));
        break;
      }
  }
  return part;
}

/** [1, z, y, x, ...]; the kernels of convolutions have four or five sizes too, and the first is at least 3, or all are 1. */
const isVolume = (shape: readonly number[]): boolean => shape.length >= 4 && shape[0] === 1 && Math.max(shape[1]!, shape[2]!) > 1;
const withShapes = (call: OperatorShapes, change: (shape: readonly number[]) => readonly number[]): OperatorShapes =>
  ({ ...call, shapes: Object.fromEntries(Object.entries(call.shapes as Record<string, readonly number[]>).map(([name, shape]) => [name, change(shape)])) }) as OperatorShapes;
