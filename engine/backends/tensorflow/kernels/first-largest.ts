/** @file Which of several tensors holds the largest value, element by element. */
import { cast, equal, logicalAnd, logicalNot, logicalOr, maximum, type Tensor } from '@tensorflow/tfjs-core';

/** For each tensor 1 where its value is the largest, the first of equal ones only, else 0. */
export function firstLargest(values: readonly Tensor[]): Tensor[] {
  const largest = values.reduce((a, b) => maximum(a, b));
  let found: Tensor | undefined;
  return values.map((value) => {
    const isLargest = equal(value, largest);
    const isFirst = found ? logicalAnd(isLargest, logicalNot(found)) : isLargest;
    found = found ? logicalOr(found, isLargest) : isLargest;
    return cast(isFirst, 'float32');
  });
}
