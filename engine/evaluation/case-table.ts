/** @file Dice of every case at every pose as a table: what an evaluation keeps for other programs. */
import { writeCsv } from '../data/csv';
import type { CasePose } from './evaluate';

/** Comma-separated values: case, subject, pose, mean Dice, Dice of each structure (empty where undefined). */
export function caseTable(caseDice: readonly CasePose[]): string {
  const structures = Object.keys(caseDice[0]?.structures ?? {});
  return writeCsv(
    ['case', 'subject', 'protocol', 'plane', 'axis', 'degrees', 'mean', ...structures],
    caseDice.map(({ structures: dice, plane, axis, ...rest }) => ({ ...dice, ...rest, plane: plane ?? null, axis: axis?.join(' ') ?? null })),
  );
}
