/** @file Seeded inputs for tests of operators. */
import { Random } from '../../engine/math/random';
import { zeros } from '../../engine/ops/reference/reference';
import type { NumberArray } from '../../engine/ops/reference/reference';

/** Standard normal, rounded to float32, so that float64 and float32 see the same numbers. */
export function randomArray(name: string, ...shape: number[]): NumberArray {
  const random = Random.stream(1, name);
  const { data } = zeros(shape);
  return { shape, data: data.map(() => Math.fround(random.normal())) };
}

/** Uniform labels from 0 to classes - 1. */
export function randomLabels(name: string, classes: number, ...shape: number[]): NumberArray {
  const random = Random.stream(1, name);
  const { data } = zeros(shape);
  return { shape, data: data.map(() => random.integer(classes)) };
}
