/** @file One voxel of a gate and of its gradient, written out for its irreps: four channels at a time, no tables. */
import { gateLayout, gateScale } from '../../../../math/so3/gate-irreps';
import { dimension, type Irreps } from '../../../../math/so3/irreps';
import { loadF32, type F32, type FunctionBuilder, type I32, type V128 } from '../../assembler';
import { exponential } from '../../exponential';

/** Up to four neighbouring channels as one vector, at `from` in what a gate reads and at `to` in what it gives. What a vector holds past them is overwritten by the next piece, or by the next voxel. */
interface Piece {
  readonly from: number;
  readonly to: number;
}
export interface GatePieces {
  readonly channels: number;
  readonly channelsIn: number;
  /** In the order of the output. */
  readonly scalars: readonly (Piece & { readonly odd: boolean })[];
  /** The first channel of each four gates. */
  readonly gates: readonly number[];
  /** In the order of the output, with the gates of its lanes. */
  readonly gated: readonly (Piece & { readonly gateOf: readonly number[] })[];
  /** Where the components of each gate's copy are among the gated channels of the output, which begin at `firstGated`. */
  readonly copies: readonly { readonly start: number; readonly size: number }[];
  readonly firstGated: number;
}

export function gatePieces(irreps: Irreps): GatePieces {
  const { irrepsIn, scalars, firstGate, gated } = gateLayout(irreps);
  const inFours = (count: number): number[] => Array.from({ length: Math.ceil(count / 4) }, (_, n) => 4 * n);
  /** Neighbours in what is read are neighbours in what is given: one run. */
  const runs: { from: number; to: number; gateOf: number[] }[] = [];
  gated.forEach(({ from, to, size }, gate) => {
    const last = runs.at(-1);
    const run = last && last.from + last.gateOf.length === from ? last : { from, to, gateOf: [] };
    if (run !== last) runs.push(run);
    run.gateOf.push(...Array<number>(size).fill(gate));
  });
  const firstGated = gated[0]?.to ?? 0;
  return {
    channels: dimension(irreps),
    channelsIn: dimension(irrepsIn),
    scalars: scalars.flatMap(({ from, to, count, odd }) => inFours(count).map((n) => ({ from: from + n, to: to + n, odd }))),
    gates: inFours(gated.length).map((n) => firstGate + n),
    gated: runs.flatMap(({ from, to, gateOf }) => inFours(gateOf.length).map((n) => ({ from: from + n, to: to + n, gateOf: gateOf.slice(n, n + 4) }))),
    copies: gated.map(({ to, size }) => ({ start: to - firstGated, size })),
    firstGated,
  };
}

/** Four channels of what a gate reads, from this one; `centred` where they are even scalars. */
export type ReadChannels = (channel: number, centred: boolean) => V128;

/** Writes a voxel of y. */
export function emitGate(f: FunctionBuilder, { scalars, gates, gated }: GatePieces, x: ReadChannels, y: I32): void {
  for (const { from, to, odd } of scalars) f.store(y, odd ? tanh(f, x(from, false)).mul(f.constant(gateScale.tanh)) : x(from, true).max(f.constant(0)).mul(f.constant(gateScale.relu)), 4 * to);
  const factors = gates.map((channel) => f.v128(sigmoid(f, x(channel, true)).mul(f.constant(gateScale.sigmoid))));
  for (const { from, to, gateOf } of gated) f.store(y, x(from, false).mul(spread(factors, gateOf)), 4 * to);
}

/**
 * Visits the gradient of a voxel of x, in the order of its channels.
 * @param products scratch for as many floats as there are gated channels, and a vector
 */
export function emitGateGradient(f: FunctionBuilder, { scalars, gates, gated, copies, firstGated }: GatePieces, x: ReadChannels, dy: (channel: number) => V128, products: I32, visit: (channel: number, centred: boolean, gradient: V128) => void): void {
  const inOrder = <P extends Piece>(pieces: readonly P[]): P[] => [...pieces].sort((a, b) => a.from - b.from);
  for (const { from, to } of gated) f.store(products, x(from, false).mul(dy(to)), 4 * (to - firstGated));
  for (const { from, to, odd } of inOrder(scalars)) {
    if (odd) {
      const value = f.v128(tanh(f, x(from, false)));
      visit(from, false, f.v128(f.constant(1).sub(value.mul(value)).mul(f.constant(gateScale.tanh)).mul(dy(to))));
    } else visit(from, true, f.v128(x(from, true).gt(f.constant(0)).and(dy(to).mul(f.constant(gateScale.relu)))));
  }
  const factors = gates.map((channel, n) => {
    const open = f.v128(sigmoid(f, x(channel, true)));
    const factor = f.v128(open.mul(f.constant(gateScale.sigmoid)));
    const sums = copies.slice(4 * n, 4 * n + 4).map(({ start, size }) => f.f32(Array.from({ length: size }, (_, component) => loadF32(products, 4 * (start + component))).reduce((sum: F32, one) => sum.add(one))));
    visit(channel, true, f.v128(inLanes(sums).mul(factor).mul(f.constant(1).sub(open))));
    return factor;
  });
  for (const { from, to, gateOf } of inOrder(gated)) visit(from, false, f.v128(dy(to).mul(spread(factors, gateOf))));
}

/** Each lane's gate out of vectors of four: a copy has three components or more, so four lanes have at most two gates. */
function spread(gates: readonly V128[], gateOf: readonly number[]): V128 {
  const [first, last] = [gateOf[0]! >> 2, gateOf.at(-1)! >> 2];
  const lanes = [0, 1, 2, 3].map((lane) => {
    const gate = gateOf[lane] ?? gateOf.at(-1)!;
    return (gate & 3) + (gate >> 2 === first ? 0 : 4);
  });
  return gates[first]!.shuffle(gates[last]!, lanes as [number, number, number, number]);
}

/** Up to four numbers as a vector. */
function inLanes(values: readonly F32[]): V128 {
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => (values[n] ?? values[0]!).splat());
  return a!.shuffle(b!, [0, 4, 0, 4]).shuffle(c!.shuffle(d!, [0, 4, 0, 4]), [0, 1, 4, 5]);
}

const sigmoid = (f: FunctionBuilder, value: V128): V128 => f.constant(1).div(exponential(f, value.neg()).add(f.constant(1)));
function tanh(f: FunctionBuilder, value: V128): V128 {
  const twice = f.v128(value);
  return f.constant(1).sub(f.constant(2).div(exponential(f, twice.add(twice)).add(f.constant(1))));
}
