/** @file Gate: the channels brought into the order scalars, gates, gated; relu and tanh on the scalars, sigmoids handed to the components of their copies. */
import { add, concat, gather, greater, matMul, mul, relu, reshape, sigmoid, split, square, sub, tanh, tensor1d, where, zerosLike, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { gateLayout, gateScale } from '../../../math/so3/gate-irreps';
import { printIrreps, type Irreps } from '../../../math/so3/irreps';
import { membership } from './copy-matrices';
import type { Constant, KernelFactory } from './kernel';

export const gate: KernelFactory<'Gate' | 'GateBackward'> = (constant) => ({
  Gate: ({ x }, { irreps }) => {
    const { order, widths, spread, odd } = parts(constant, irreps);
    const [scalars, gates, gated] = split(inOrder(rows(x), order), widths, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const values = odd ? add(mul(mul(relu(scalars), gateScale.relu), sub(1, odd)), mul(mul(tanh(scalars), gateScale.tanh), odd)) : mul(relu(scalars), gateScale.relu);
    const opened = mul(mul(matMul(sigmoid(gates), spread, false, true), gated), gateScale.sigmoid);
    return [reshape(concat([values, opened] as Tensor2D[], 1), [...x.shape.slice(0, 4), widths[0] + widths[2]])];
  },
  GateBackward: ({ dy, x }, { irreps }) => {
    const { order, widths, spread, odd } = parts(constant, irreps);
    const [scalars, gates, gated] = split(inOrder(rows(x), order), widths, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const [dvalues, dopened] = split(rows(dy), [widths[0], widths[2]], 1) as [Tensor2D, Tensor2D];
    const ofRelu = where(greater(scalars, 0), mul(dvalues, gateScale.relu), zerosLike(scalars));
    const dscalars = odd ? add(mul(ofRelu, sub(1, odd)), mul(mul(mul(dvalues, sub(1, square(tanh(scalars)))), gateScale.tanh), odd)) : ofRelu;
    const open = sigmoid(gates);
    const dgates = mul(mul(matMul(mul(dopened, gated) as Tensor2D, spread), sub(open, square(open))), gateScale.sigmoid);
    const dgated = mul(mul(matMul(open, spread, false, true), dopened), gateScale.sigmoid);
    const places = Array.from(order, (_, channel) => order.indexOf(channel));
    return [reshape(inOrder(concat([dscalars, dgates, dgated] as Tensor2D[], 1), places), x.shape)];
  },
});

/** Channels of the input in the order scalars, gates, gated; how many of each; the gated copies' membership; 1 for each odd scalar, nothing where there is none. */
function parts(constant: Constant, irreps: Irreps): { order: number[]; widths: [number, number, number]; spread: Tensor2D; odd?: Tensor1D } {
  const { scalars, firstGate, gated } = gateLayout(irreps);
  const run = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);
  const values = scalars.flatMap(({ from, count }) => run(from, count));
  const components = gated.flatMap(({ from, size }) => run(from, size));
  const isOdd = scalars.flatMap(({ count, odd }) => run(0, count).map(() => (odd ? 1 : 0)));
  return {
    order: [...values, ...run(firstGate, gated.length), ...components],
    widths: [values.length, gated.length, components.length],
    spread: membership(constant, irreps.filter(({ degree }) => degree > 0)),
    ...(isOdd.includes(1) && { odd: constant<Tensor1D>(`odd scalars ${printIrreps(irreps)}`, () => ({ shape: [isOdd.length], data: isOdd })) }),
  };
}

const inOrder = (x: Tensor2D, order: readonly number[]): Tensor2D => (order.every((from, to) => from === to) ? x : gather(x, tensor1d([...order], 'int32'), 1));
const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape[4]!]);
