import { expect, it } from 'vitest';
import { differences } from '../../engine/training/differences';

it('names each field with both values, lists whole, and what is absent on one side', () => {
  expect(differences({ a: 1, b: { c: 2, d: [1, 2], e: 'x' } }, { a: 1, b: { c: 3, d: [1], f: true } })).toEqual([
    { field: 'b.c', before: '2', now: '3' },
    { field: 'b.d', before: '[1,2]', now: '[1]' },
    { field: 'b.f', before: 'absent', now: 'true' },
    { field: 'b.e', before: '"x"', now: 'absent' },
  ]);
  expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]);
});
