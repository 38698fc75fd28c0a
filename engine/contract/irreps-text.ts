/** @file Irreps as specs and the paper write them, without their mathematics. */
import { badInput } from './problem';

/** @throws GyraError where the text is not like 8x0e+4x1e+2x2e */
export function entriesOf(irreps: string): { multiplicity: number; degree: number }[] {
  return irreps.split('+').map((entry) => {
    const match = /^(\d+)x([0-3])[eo]$/.exec(entry);
    if (!match) throw badInput(`"${irreps}" are no irreps.`, 'Write them as 8:4:2 or as 8x0e+4x1e+2x2e.');
    return { multiplicity: Number(match[1]), degree: Number(match[2]) };
  });
}

/** `8:4:2` for 8x0e+4x1e+2x2e, as the paper writes it: copies of degree 0, 1, 2 and, if there are any, 3; of both parities. */
export function ratioOf(irreps: string): string {
  const copies = [0, 0, 0];
  for (const { multiplicity, degree } of entriesOf(irreps)) copies[degree] = (copies[degree] ?? 0) + multiplicity;
  return copies.join(':');
}
