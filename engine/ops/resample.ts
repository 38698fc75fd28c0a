/**
 * @file Resampling: one linear map along each axis (`axisTaps`), the same for every channel, so that it commutes with rotation. Trilinear upsampling, average
 * pooling, low-pass filtering down and up, zeros in front and their removal are all it; the gradient is the transpose.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import type { AlongAxes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import type { AxisMethod } from '../math/axis-map';
import { checkShape, feature } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, channel]
 * @param amount the factor of a resampling, the voxels of a padding, along x, y and z
 * @returns [batch, z', y', x', channel]
 * @throws GyraError on another rank, an amount that is no whole number, and sizes an average does not divide
 */
export function resample(x: Tensor5D, method: AxisMethod, amount: AlongAxes): Tensor5D {
  checkShape('Resample', 'x', x, feature(x.shape[4]));
  const size = [x.shape[3], x.shape[2], x.shape[1]] as const;
  const smallest = method === 'pad' || method === 'crop' ? 0 : 1;
  if (amount.some((one) => !Number.isInteger(one) || one < smallest)) throw badInput(`Resample got the amount ${amount.join(' x ')} for ${method}.`, `Give whole numbers from ${smallest} on.`);
  if (method === 'average' && size.some((voxels, axis) => voxels % amount[axis]! !== 0)) throw badInput(`Resample got a volume of ${size.join(' x ')} voxels to average by ${amount.join(' x ')}.`, 'Pad every axis to a multiple of what the poolings join.');
  return runOperator('Resample', { x }, { method, amount, size })[0] as Tensor5D;
}

/** Up by whole factors along x, y and z, trilinear, corners aligned. */
export const upsampleTrilinear = (x: Tensor5D, factors: AlongAxes): Tensor5D => resample(x, 'linear', factors);

defineGradient('Resample', [], (dy, _, attributes) => ({ x: () => runOperator('ResampleBackward', { dy }, attributes)[0] }));
