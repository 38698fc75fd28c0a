/**
 * @file Self-connection: an equivariant linear map of each voxel, with a bias on the scalars.
 *
 * y_w = sum_u weight_uw x_u / sqrt(F) between entries of equal irrep, F input copies reaching the output entry; an output irrep that the input lacks is zero.
 * Source: e3nn `Linear`; the bias is the one of e3nn_Unet's last layer.
 */
import type { Tensor1D, Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { dimension, printIrreps, scalarCopies } from '../math/so3/irreps';
import { selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { checkShape, feature } from './check-shape';
import type { IrrepsPair } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irrepsIn)]
 * @param weight [weights of `selfPathsOf`]
 * @param bias [scalar copies of irrepsOut], added to the first channels
 * @returns [batch, z, y, x, dimension(irrepsOut)]
 * @throws GyraError on other shapes, or where the scalars are not the first channels of irrepsOut
 */
export function selfConnection(x: Tensor5D, weight: Tensor1D, bias: Tensor1D, attributes: IrrepsPair): Tensor5D {
  const { irrepsIn, irrepsOut } = attributes;
  const scalars = scalarCopies(irrepsOut);
  if (irrepsOut.some(({ degree, parity }, n) => degree === 0 && parity === 1 && scalarCopies(irrepsOut.slice(0, n)) !== dimension(irrepsOut.slice(0, n)))) {
    throw badInput(`SelfConnection got the output irreps ${printIrreps(irrepsOut)}, whose scalars are not first.`, 'Put the scalars (0e) first.');
  }
  checkShape('SelfConnection', 'x', x, feature(dimension(irrepsIn)));
  checkShape('SelfConnection', 'weight', weight, [weightsOf(selfPathsOf(irrepsIn, irrepsOut))]);
  checkShape('SelfConnection', 'bias', bias, [scalars]);
  return runOperator('SelfConnection', { x, weight, bias }, attributes)[0] as Tensor5D;
}

defineGradient('SelfConnection', ['x', 'weight'], (dy, [x, weight], attributes) => {
  const [dx, dweight, dbias] = runOperator('SelfConnectionBackward', { dy, x, weight }, attributes);
  return { x: () => dx, weight: () => dweight, bias: () => dbias };
});
