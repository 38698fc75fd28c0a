/**
 * @file Radial functions as few streams. A path's weights give its value at every shell: a vector in the space its radial functions span, which has at most as many dimensions as functions (4 live ones for 6 shells of
 * the paper's kernel). The values at as many `pivot` shells determine those at all others, so that streams of shells are summed once, before coupling and mixing.
 */

export interface RadialBasisReduction {
  /** Shells whose values determine the others. */
  readonly pivots: readonly number[];
  /** [pivot][shell]: value at a shell = sum over pivots of this times the value at the pivot. 1 at the pivot itself and 0 at the other pivots. */
  readonly interpolation: readonly (readonly number[])[];
}

/** A function smaller than this at all shells, relative to its largest value before those of the pivots were taken off, is a sum of the others. */
const dependent = 1e-9;
/** Pivots are at least this part of the largest value of their row: small ones would amplify rounding. */
const threshold = 0.1;

/** Gauss-Jordan elimination of values[function][shell], pivots by Markowitz's rule: few values in row and column, so that most shells feed one or two streams. */
export function reduceRadialBasis(values: readonly (readonly number[])[]): RadialBasisReduction {
  const largest = (row: readonly number[]) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let open = values.filter((row) => largest(row) > 0).map((row) => row.map((value) => value / largest(row)));
  const done: { pivot: number; row: number[] }[] = [];
  const filled = (row: readonly number[]) => row.filter((value) => value !== 0).length;
  for (;;) {
    open = open.filter((row) => largest(row) > dependent);
    if (open.length === 0) break;
    const all = [...open, ...done.map(({ row }) => row)];
    let best = { row: open[0]!, shell: -1, cost: Infinity, size: 0 };
    for (const row of open)
      row.forEach((value, shell) => {
        const size = Math.abs(value) / largest(row);
        if (size < threshold) return;
        const cost = (filled(row) - 1) * (all.filter((other) => other[shell] !== 0).length - 1);
        if (cost < best.cost || (cost === best.cost && size > best.size)) best = { row, shell, cost, size };
      });
    const { row, shell } = best;
    const pivot = row[shell]!;
    row.forEach((value, s) => { row[s] = s === shell ? 1 : value / pivot; });
    open = open.filter((other) => other !== row);
    for (const other of [...open, ...done.map((one) => one.row)]) {
      const factor = other[shell]!;
      if (factor !== 0) row.forEach((value, s) => { other[s] = s === shell || Math.abs(other[s]! - factor * value) < 1e-14 ? 0 : other[s]! - factor * value; });
    }
    done.push({ pivot: shell, row });
  }
  done.sort((a, b) => a.pivot - b.pivot);
  return { pivots: done.map(({ pivot }) => pivot), interpolation: done.map(({ row }) => row) };
}
