import { expect, it } from 'vitest';
import { recomputedLevels } from '../../engine/model/recomputed-levels';

it('as few levels are recomputed as the limit allows, and one recomputed block is counted', () => {
  const kept = [[60, 90], [20, 30], [10]];
  expect(recomputedLevels(kept, 210)).toBe(0);
  expect(recomputedLevels(kept, 209)).toBe(1); // 60 are kept, and 90 for the larger block of the first level
  expect(recomputedLevels(kept, 149)).toBe(2);
  expect(recomputedLevels(kept, 99)).toBe(3);
  expect(recomputedLevels(kept, 0)).toBe(3);
});
