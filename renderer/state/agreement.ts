/** @file Where there is no reference: Dice between two models' predictions. */
import type { Structure } from '../../engine/contract/engine-api';

/** Mean over the structures that either of them predicts; null where neither predicts any. */
export function agreement(a: Uint8Array, b: Uint8Array, structures: readonly Structure[]): number | null {
  const defined = structures.flatMap(({ value }) => {
    let sizes = 0;
    let common = 0;
    for (let at = 0; at < a.length; at++) {
      if (a[at] === value) sizes++;
      if (b[at] === value) sizes++;
      if (a[at] === value && b[at] === value) common++;
    }
    return sizes === 0 ? [] : (2 * common) / sizes;
  });
  return defined.length === 0 ? null : defined.reduce((sum, dice) => sum + dice, 0) / defined.length;
}
