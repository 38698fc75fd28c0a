/** @file Four vectors with rows and lanes exchanged. */
import type { FunctionBuilder, V128 } from '../assembler';

export function transpose(f: FunctionBuilder, rows: readonly V128[]): V128[] {
  const [a, b, c, d] = rows as [V128, V128, V128, V128];
  const low = [f.v128(a.shuffle(b, [0, 4, 1, 5])), f.v128(c.shuffle(d, [0, 4, 1, 5]))] as const;
  const high = [f.v128(a.shuffle(b, [2, 6, 3, 7])), f.v128(c.shuffle(d, [2, 6, 3, 7]))] as const;
  return [low[0].shuffle(low[1], [0, 1, 4, 5]), low[0].shuffle(low[1], [2, 3, 6, 7]), high[0].shuffle(high[1], [0, 1, 4, 5]), high[0].shuffle(high[1], [2, 3, 6, 7])];
}
