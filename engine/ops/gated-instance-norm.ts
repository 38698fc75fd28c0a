/**
 * @file Gate of the instance norm (`instance-norm.ts`, `gate.ts`) in one: a steerable layer's two operators between its convolutions, without the features between them, which would be as much memory
 * and more time.
 */
import type { Tensor1D, Tensor5D } from '@tensorflow/tfjs-core';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, dimension, scalarCopies } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { GatedNormAttributes } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(gateInputIrreps(irreps))]: scalars, gates, gated copies
 * @param weight [copies(gateInputIrreps(irreps))]
 * @param bias [scalarCopies(gateInputIrreps(irreps))]
 * @returns [batch, z, y, x, dimension(irreps)]
 * @throws GyraError on other shapes, or irreps that a gate cannot give
 */
export function gatedInstanceNorm(x: Tensor5D, weight: Tensor1D, bias: Tensor1D, attributes: GatedNormAttributes): Tensor5D {
  const normed = gateInputIrreps(attributes.irreps);
  checkShape('GatedInstanceNorm', 'x', x, feature(dimension(normed)));
  checkShape('GatedInstanceNorm', 'weight', weight, [copies(normed)]);
  checkShape('GatedInstanceNorm', 'bias', bias, [scalarCopies(normed)]);
  return runOperator('GatedInstanceNorm', { x, weight, bias }, attributes)[0] as Tensor5D;
}

defineGradient('GatedInstanceNorm', ['x', 'weight', 'bias'], (dy, [x, weight, bias], attributes) => {
  const [dx, dweight, dbias] = runOperator('GatedInstanceNormBackward', { dy, x, weight, bias }, attributes);
  return { x: () => dx, weight: () => dweight, bias: () => dbias };
});
