/** @file Which channel belongs to which copy of an irrep, as matrices: products with them sum over the components of a copy, or hand a value of a copy to its components. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { copiesOf, dimension, printIrreps, type Irreps, type IrrepCopy } from '../../../math/so3/irreps';
import type { Constant } from './kernel';

/** [channels, copies], 1 where the channel is a component of the copy. */
export const membership = (constant: Constant, irreps: Irreps): Tensor2D =>
  constant(`membership ${printIrreps(irreps)}`, () => {
    const all = copiesOf(irreps);
    const data = new Float32Array(dimension(irreps) * all.length);
    all.forEach(({ start, degree }, copy) => {
      for (let channel = start; channel <= start + 2 * degree; channel++) data[channel * all.length + copy] = 1;
    });
    return { shape: [dimension(irreps), all.length], data };
  });

/** [copies], a number of each copy. */
export const perCopy = (constant: Constant, irreps: Irreps, name: string, value: (copy: IrrepCopy) => number): Tensor1D =>
  constant(`${name} ${printIrreps(irreps)}`, () => {
    const data = copiesOf(irreps).map(value);
    return { shape: [data.length], data };
  });

/** [channels], a number of the copy each channel belongs to. */
export const perChannel = (constant: Constant, irreps: Irreps, name: string, value: (copy: IrrepCopy) => number): Tensor1D =>
  constant(`${name} by channel ${printIrreps(irreps)}`, () => {
    const data = copiesOf(irreps).flatMap((copy) => Array.from({ length: 2 * copy.degree + 1 }, () => value(copy)));
    return { shape: [data.length], data };
  });

/** A copy that loses its mean in a norm and gets a bias. */
export const isTrueScalar = ({ degree, parity }: IrrepCopy): boolean => degree === 0 && parity === 1;

/** [scalar copies, channels], 1 where the channel is that scalar. */
export const scalarChannels = (constant: Constant, irreps: Irreps): Tensor2D =>
  constant(`scalars ${printIrreps(irreps)}`, () => {
    const scalars = copiesOf(irreps).filter(isTrueScalar);
    const data = new Float32Array(scalars.length * dimension(irreps));
    scalars.forEach(({ start }, scalar) => (data[scalar * dimension(irreps) + start] = 1));
    return { shape: [scalars.length, dimension(irreps)], data };
  });
