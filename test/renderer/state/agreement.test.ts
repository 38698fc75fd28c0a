import { expect, it } from 'vitest';
import { agreement } from '../../../renderer/state/agreement';

it('is Dice between two predictions, over the structures either of them has', () => {
  const structures = [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }, { value: 3, name: 'Other' }];
  expect(agreement(Uint8Array.of(1, 1, 2, 0), Uint8Array.of(1, 0, 2, 0), structures)).toBeCloseTo((2 / 3 + 1) / 2);
  expect(agreement(Uint8Array.of(1, 0), Uint8Array.of(0, 0), structures)).toBe(0);
  expect(agreement(new Uint8Array(2), new Uint8Array(2), structures)).toBeNull();
});
