/**
 * @file Gate: the nonlinearity of a steerable network.
 *
 * Scalars pass a relu; each copy of higher degree is multiplied by the sigmoid of its own gate, a scalar, so that its direction is kept. Both activations are
 * scaled by `gateScale`. At 0 the derivative of relu is 0.
 * Source: e3nn `Gate`; Weiler et al., arXiv:1807.02547, section 4.2.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { dimension } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(gateInputIrreps(irreps))]: scalars, gates, gated copies
 * @returns [batch, z, y, x, dimension(irreps)]
 * @throws GyraError on other shapes, or irreps that are not even and sorted by degree
 */
export function gate(x: Tensor5D, attributes: Operators['Gate']['attributes']): Tensor5D {
  checkShape('Gate', 'x', x, feature(dimension(gateInputIrreps(attributes.irreps))));
  return runOperator('Gate', { x }, attributes)[0] as Tensor5D;
}

defineGradient('Gate', ['x'], (dy, [x], attributes) => ({ x: () => runOperator('GateBackward', { dy, x }, attributes)[0] }));
