/** @file What a gate reads and how it scales: the part of it that is mathematics of irreps. */
import { badInput } from '../../contract/problem';
import { channelStarts, copies, dimension, printIrreps } from './irreps';
import type { IrrepEntry, Irreps } from './irreps';

/**
 * Factors that bring the second moment of relu(n), tanh(n) and sigmoid(n), n normal, to 1. These are the numbers e3nn samples (`normalize2mom`, seed 0), not the
 * exact integrals, so that its networks can be read.
 */
export const gateScale = { relu: 1.4163393446331365, tanh: 1.5937334472592695, sigmoid: 1.8467055342154763 } as const;

/** Where a gate finds what it gives; all numbers are channels. */
export interface GateLayout {
  /** What the gate reads: scalars, gates and gated copies sorted by degree, odd before even, and merged. */
  readonly irrepsIn: Irreps;
  /** Scalars of the output, entry by entry: even ones pass a relu, odd ones a tanh. */
  readonly scalars: readonly { readonly from: number; readonly to: number; readonly count: number; readonly odd: boolean }[];
  /** The first gate; the n-th gated copy has the n-th. */
  readonly firstGate: number;
  /** Copies of higher degree in the order of the output, which they follow each other in. */
  readonly gated: readonly { readonly from: number; readonly to: number; readonly size: number }[];
}

/**
 * The gate that gives `irreps`. `8x0e+4x1e+2x2e` is read from `14x0e+4x1e+2x2e`, `4x0e+4x0o+2x1e+2x1o` from `4x0o+8x0e+2x1o+2x1e`. Source: e3nn `Gate`.
 * @throws GyraError unless scalars come first
 */
export function gateLayout(irreps: Irreps): GateLayout {
  if (irreps.some(({ degree }, n) => degree === 0 && n > 0 && irreps[n - 1]!.degree > 0)) throw badInput(`A gate cannot give the irreps ${printIrreps(irreps)}.`, 'Put the scalars first, as in 8x0e+4x1e+2x2e.');
  const [scalars, gated] = [irreps.filter(({ degree }) => degree === 0), irreps.filter(({ degree }) => degree > 0)];
  const gates: Irreps = [{ multiplicity: copies(gated), degree: 0, parity: 1 }];
  const parts = [...scalars, ...gates, ...gated];
  // equal irreps keep their order: scalars before gates
  const order = parts.map((_, n) => n).sort((a, b) => parts[a]!.degree - parts[b]!.degree || parts[a]!.parity - parts[b]!.parity || a - b);
  const sorted = order.map((n) => parts[n]!);
  const starts = channelStarts(sorted);
  const from = (part: number): number => starts[order.indexOf(part)]!;
  const to = channelStarts(irreps);
  return {
    irrepsIn: merged(sorted),
    scalars: scalars.map(({ multiplicity, parity }, n) => ({ from: from(n), to: to[n]!, count: multiplicity, odd: parity === -1 })),
    firstGate: from(scalars.length),
    gated: gated.flatMap(({ multiplicity, degree }, n) => {
      const size = 2 * degree + 1;
      return Array.from({ length: multiplicity }, (_, copy) => ({ from: from(scalars.length + 1 + n) + copy * size, to: to[scalars.length + n]! + copy * size, size }));
    }),
  };
}

/** Irreps a gate reads to give `irreps`. */
export const gateInputIrreps = (irreps: Irreps): Irreps => gateLayout(irreps).irrepsIn;

/** Equal neighbours as one entry, empty entries left out. */
function merged(irreps: Irreps): Irreps {
  const joined: IrrepEntry[] = [];
  for (const entry of irreps.filter((one) => dimension([one]) > 0)) {
    const last = joined.at(-1);
    if (last?.degree === entry.degree && last.parity === entry.parity) joined[joined.length - 1] = { ...entry, multiplicity: last.multiplicity + entry.multiplicity };
    else joined.push(entry);
  }
  return joined;
}
