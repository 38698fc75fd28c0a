/** @file Which streams a pass makes: from copies of each degree towards each kind of output entry, in the order in which the packed weights follow. */
import type { Irreps } from '../../../../math/so3/irreps';
import { couples } from '../../../../math/so3/clebsch-gordan';
import { coupling, type Coupling } from './couplings';
import { degrees } from './harmonic-polynomials';
import type { Stencil } from './stencil';

/** Output entries of one degree whose parity is that of the input times `parity`. */
export interface Target {
  readonly degreeOut: number;
  readonly parity: 1 | -1;
  /** Each with its first stream; a coupling has as many as its harmonic has radial streams. */
  readonly couplings: readonly (Coupling & { readonly first: number })[];
  /** Whether the last stream is the copy itself: the self-connection. */
  readonly self: boolean;
  /** Streams of one copy. */
  readonly streams: number;
}
/** By degree of the input; only what some pair of entries needs. */
export type StreamPlan = readonly (readonly Target[])[];

export function streamPlan(stencil: Stencil, harmonics: Irreps, from: Irreps, to: Irreps): StreamPlan {
  return degrees.map((degreeIn) => {
    const wanted = new Map<string, Target>();
    for (const input of from.filter(({ degree }) => degree === degreeIn))
      for (const output of to) {
        const target = targetOf(stencil, harmonics, degreeIn, output.degree, input.parity === output.parity ? 1 : -1);
        if (target.streams > 0) wanted.set(`${target.degreeOut} ${target.parity}`, target);
      }
    return [...wanted.values()].sort((a, b) => a.degreeOut - b.degreeOut || b.parity - a.parity);
  });
}

export function targetOf(stencil: Stencil, harmonics: Irreps, degreeIn: number, degreeOut: number, parity: 1 | -1): Target {
  let streams = 0;
  const couplings = harmonics
    .filter((harmonic) => harmonic.parity === parity && couples(degreeIn, harmonic.degree, degreeOut))
    .map(({ degree }) => {
      const first = streams;
      streams += stencil.radial[degree]!.length;
      return { ...coupling(degreeIn, degree, degreeOut), first };
    });
  const self = degreeIn === degreeOut && parity === 1;
  return { degreeOut, parity, couplings, self, streams: streams + Number(self) };
}

export const printPlan = (plan: StreamPlan): string => plan.map((targets) => targets.map(({ degreeOut, parity }) => `${degreeOut}${parity === 1 ? '+' : '-'}`).join(' ')).join(', ');
