/** @file InstanceNorm: moments over voxels by tfjs's own, joined over the components of a copy by the membership matrix. */
import { add, div, matMul, mean, mul, reshape, rsqrt, square, sub, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { isTrueScalar, membership, perChannel, perCopy, scalarChannels } from './copy-matrices';
import type { Irreps } from '../../../math/so3/irreps';
import type { Constant, KernelFactory } from './kernel';

export const instanceNorm: KernelFactory<'InstanceNorm' | 'InstanceNormBackward'> = (constant) => ({
  InstanceNorm: ({ x, weight, bias }, { irreps, epsilon }) => {
    const { centred, scale, toChannels } = statistics(constant, x, irreps, epsilon);
    const scaled = mul(centred, toChannels(mul(scale, weight)));
    const shifted = bias.size > 0 ? add(scaled, matMul(reshape(bias, [1, -1]) as Tensor2D, scalarChannels(constant, irreps))) : scaled;
    return [reshape(shifted, x.shape)];
  },
  InstanceNormBackward: ({ dy, x, weight }, { irreps, epsilon }) => {
    const { centred, scale, toChannels, toCopies, elements, losesMean } = statistics(constant, x, irreps, epsilon);
    const g = rows(dy);
    const along = toCopies(mul(g, centred));
    const factor = mul(scale, weight);
    const dcentred = sub(mul(g, toChannels(factor)), mul(centred, toChannels(div(mul(mul(factor, square(scale)), along), elements))));
    const places = scalarChannels(constant, irreps);
    const dbias = places.shape[0] > 0 ? matMul(places, reshape(sum(g, [0, 1]), [-1, 1]) as Tensor2D) : places;
    return [reshape(sub(dcentred, mul(mean(dcentred, 1, true), losesMean)), x.shape), sum(mul(along, scale), 0), reshape(dbias, [places.shape[0]])];
  },
});

/** x less the mean of its scalars [batch, voxels, channels]; 1 / sqrt(mean square + epsilon) [batch, copies]; and how to sum over a copy and give back to its channels. */
function statistics(constant: Constant, x: Tensor, irreps: Irreps, epsilon: number) {
  const values = rows(x);
  const belongs = membership(constant, irreps);
  const losesMean = perChannel(constant, irreps, 'loses its mean', (copy) => (isTrueScalar(copy) ? 1 : 0));
  const elements = mul(perCopy(constant, irreps, 'components', ({ degree }) => 2 * degree + 1), values.shape[1]!);
  /** [batch, voxels, channels] to [batch, copies]. */
  const toCopies = (field: Tensor): Tensor => matMul(sum(field, 1) as Tensor2D, belongs);
  /** [batch, copies] to [batch, 1, channels]. */
  const toChannels = (ofCopies: Tensor): Tensor => reshape(matMul(ofCopies as Tensor2D, belongs, false, true), [x.shape[0]!, 1, x.shape[4]!]);
  const centred = sub(values, mul(mean(values, 1, true), losesMean));
  return { centred, scale: rsqrt(add(div(toCopies(square(centred)), elements), epsilon)), toChannels, toCopies, elements, losesMean };
}

const rows = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1, x.shape[4]!]);
