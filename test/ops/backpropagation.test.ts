import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { add, matMul, memory, mul, relu, setBackend, sum, tensor2d, tidy, variable, variableGrads, type Scalar, type Tensor2D, type Variable } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recomputed, valueAndGradients } from '../../engine/ops/backpropagation';
import { randomArray } from '../support/random-array';

const matrix = (name: string): Tensor2D => tensor2d(Float32Array.from(randomArray(name, 16).data), [4, 4]);
describe('gradients that free what they have read', () => {
  let [a, b, idle]: Variable[] = [];
  let x: Tensor2D;
  beforeAll(async () => {
    await setBackend('cpu');
    [a, b, idle] = ['a', 'b', 'idle'].map((name) => variable(matrix(name)));
    x = matrix('x');
  });
  const layer = (input: Tensor2D, weight: Variable): Tensor2D => relu(matMul(input, weight as unknown as Tensor2D));
  /** a is read twice, the first layer's output three times. */
  const network = (block: (input: Tensor2D) => Tensor2D): Scalar => {
    const first = layer(x, a);
    const second = block(first);
    return sum(mul(add(second, first), layer(add(first, second), a)));
  };
  const plain = (input: Tensor2D): Tensor2D => layer(layer(input, b), b);
  const values = ({ value, gradients }: ReturnType<typeof valueAndGradients>): unknown[] => [value.dataSync()[0], ...[a, b].map(({ name }) => Array.from(gradients[name].dataSync()))];

  it('are those of variableGrads', () => {
    tidy(() => {
      const { value, grads } = variableGrads(() => network(plain), [a, b]);
      const ours = valueAndGradients(() => network(plain));
      expect(values(ours)).toEqual(values({ value, gradients: grads }));
      expect(Object.keys(ours.gradients).sort()).toEqual([a.name, b.name].sort());
    });
  });
  it('are the same, and leave nothing behind, when a block is recomputed, and a block in it', () => {
    const before = memory().numTensors;
    tidy(() => {
      const expected = values(valueAndGradients(() => network(plain)));
      const block = (input: Tensor2D): Tensor2D => recomputed((inner: Tensor2D) => layer(recomputed((most: Tensor2D) => layer(most, b), [inner], [b]), b), [input], [b, idle]);
      const again = valueAndGradients(() => network(block));
      expect(values(again)).toEqual(expected);
      expect(Array.from(again.gradients[idle.name].dataSync())).toEqual(Array<number>(16).fill(0));
    });
    expect(memory().numTensors).toBe(before);
  });
  it('keep only its inputs of a recomputed block', () => {
    const during = (block: (input: Tensor2D) => Tensor2D): number =>
      tidy(() => {
        let held = 0;
        valueAndGradients(() => {
          const before = memory().numDataBuffers;
          const y = tidy(() => block(x));
          held = memory().numDataBuffers - before;
          return sum(y);
        });
        return held;
      });
    const deep = (input: Tensor2D): Tensor2D => plain(plain(plain(input)));
    expect(during((input) => recomputed(deep, [input], [b]))).toBe(1);
    expect(during(deep)).toBeGreaterThan(5);
  });
  it('leave nothing behind when the function throws', () => {
    const before = memory().numTensors;
    expect(() => tidy(() => valueAndGradients(() => (network(plain), sum(recomputed((_: Tensor2D): Tensor2D => { throw new Error('cancelled'); }, [x], [b])))))).toThrow('cancelled');
    expect(memory().numTensors).toBe(before);
    tidy(() => void expect(valueAndGradients(() => network(plain)).value.size).toBe(1));
  });
});
