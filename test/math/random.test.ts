import { describe, expect, it } from 'vitest';
import { Random } from '../../engine/math/random';

describe('Random', () => {
  it('is xoshiro128**: the first words from the state 1, 2, 3, 4', () => {
    const random = new Random([1, 2, 3, 4]);
    const words = [11520, 0, 5927040, 70819200];
    expect([random.uniform(), random.uniform()]).toEqual([0, 2].map((i) => (words[i] * 2 ** 21 + (words[i + 1] >>> 11)) / 2 ** 53));
  });

  it('gives other numbers for another seed or name, and the same for the same', () => {
    const first = (seed: number, name: string): number => Random.stream(seed, name).uniform();
    expect(new Set([first(0, 'a'), first(1, 'a'), first(0, 'b'), first(0, 'a1')]).size).toBe(4);
    expect(first(0, 'a')).toBe(first(0, 'a'));
  });

  it('has the moments of the uniform and the normal distribution', () => {
    const random = Random.stream(3, 'moments');
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    const uniform = Array.from({ length: 20_000 }, () => random.uniform());
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    expect(mean(uniform)).toBeCloseTo(0.5, 1.7);
    expect(mean(uniform.map((value) => value ** 2))).toBeCloseTo(1 / 3, 1.7);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(0.05);
  });

  it('shuffles without losing or repeating, every item anywhere', () => {
    const random = Random.stream(5, 'shuffle');
    const firsts = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const shuffled = random.shuffle([0, 1, 2, 3, 4]);
      expect([...shuffled].sort()).toEqual([0, 1, 2, 3, 4]);
      firsts.add(shuffled[0]);
    }
    expect(firsts.size).toBe(5);
  });
});
