/** @file Gate: relu on the scalars, sigmoids handed to the components of their copies. */
import { concat, greater, matMul, mul, relu, reshape, sigmoid, split, sub, where, zerosLike, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { gateScale } from '../../../math/so3/gate-irreps';
import { copies, dimension, scalarCopies, type Irreps } from '../../../math/so3/irreps';
import { membership } from './copy-matrices';
import type { KernelFactory } from './kernel';

export const gate: KernelFactory<'Gate' | 'GateBackward'> = (constant) => ({
  Gate: ({ x }, { irreps }) => {
    const { scalars, gates, gated } = sizes(irreps);
    const [values, opening, turning] = columns(x, [scalars, gates, gated]);
    const opened = mul(matMul(sigmoid(opening), membership(constant, higherDegrees(irreps)), false, true), turning);
    return [reshape(concat([mul(relu(values), gateScale.relu), mul(opened, gateScale.sigmoid)] as Tensor2D[], 1), [...x.shape.slice(0, 4), scalars + gated])];
  },
  GateBackward: ({ dy, x }, { irreps }) => {
    const { scalars, gates, gated } = sizes(irreps);
    const [values, opening, turning] = columns(x, [scalars, gates, gated]);
    const [dvalues, dopened] = columns(dy, [scalars, gated]);
    const spread = membership(constant, higherDegrees(irreps));
    const open = sigmoid(opening);
    const along = matMul(mul(dopened, turning), spread);
    const parts = [
      where(greater(values, 0), mul(dvalues, gateScale.relu), zerosLike(values)),
      mul(mul(along, sub(open, mul(open, open))), gateScale.sigmoid),
      mul(mul(matMul(open, spread, false, true), dopened), gateScale.sigmoid),
    ];
    return [reshape(concat(parts as Tensor2D[], 1), x.shape)];
  },
});

/** Channels in each part of the gate's input. */
const sizes = (irreps: Irreps) => ({ scalars: scalarCopies(irreps), gates: copies(irreps) - scalarCopies(irreps), gated: dimension(irreps) - scalarCopies(irreps) });
const higherDegrees = (irreps: Irreps): Irreps => irreps.filter(({ degree }) => degree > 0);

/** Voxels as rows, cut into groups of channels. */
const columns = (x: Tensor, widths: number[]): Tensor2D[] => split(reshape(x, [-1, x.shape[4]!]) as Tensor2D, widths, 1);
