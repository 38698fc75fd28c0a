import { tensor, tidy, type Tensor1D, type Tensor2D, type Tensor5D, type Scalar, sum, variable } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { harmonicIrreps, parseIrreps } from '../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { recomputed, valueAndGradients } from '../../engine/ops/backpropagation';
import { recordOperators } from '../../engine/ops/run-operator';
import { steerableConvolution } from '../../engine/ops/steerable-convolution';
import { randomArray } from '../support/random-array';

describe('two steerable layers on an image', () => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 1 });
  });
  afterAll(() => handle.dispose());
  const harmonics = harmonicIrreps(2);
  const lattice = { diameter: 5, steps: [1, 1, 1], radialFunctions: 3, cutoff: true } as const;
  const random = (name: string, ...shape: number[]) => tensor(Float32Array.from(randomArray(name, shape.reduce((a, b) => a * b, 1)).data), shape);

  /** Names of the operators of a step, and the gradients. */
  function step(block: (layers: (x: Tensor5D) => Tensor5D, x: Tensor5D, variables: ReturnType<typeof variable>[]) => Tensor5D) {
    return tidy(() => {
      const fields = ['1x0e', '2x0e+1x1e', '1x0e'].map(parseIrreps);
      const made = [0, 1].map((n) => {
        const [irrepsIn, irrepsOut] = [fields[n], fields[n + 1]];
        const attributes = { irrepsIn, irrepsOut, harmonics, lattice };
        return { attributes, weight: variable(random(`weight${n}`, 3, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics)))), self: variable(random(`self${n}`, weightsOf(selfPathsOf(irrepsIn, irrepsOut)))) };
      });
      const layers = (x: Tensor5D) => made.reduce((field, { attributes, weight, self }) => steerableConvolution(field, weight as unknown as Tensor2D, self as unknown as Tensor1D, attributes), x);
      const variables = made.flatMap(({ weight, self }) => [weight, self]);
      const operators: string[] = [];
      let gradients: number[][] = [];
      recordOperators(({ name }) => operators.push(name), () => {
        const result = valueAndGradients(() => sum(block(layers, random('image', 1, 5, 6, 7, 1) as Tensor5D, variables)) as Scalar);
        gradients = variables.map(({ name }) => Array.from(result.gradients[name].dataSync()));
      });
      variables.forEach((one) => one.dispose());
      return { operators: operators.filter((name) => name.includes('Backward')), gradients };
    });
  }

  it('make no gradient of the image, recomputed or not, and one of the field between them', () => {
    const plain = step((layers, x) => layers(x));
    const again = step((layers, x, variables) => recomputed(layers, [x], variables));
    expect(plain.operators).toEqual(['SteerableConvolutionBackward', 'SteerableConvolutionBackwardWeight']);
    expect(again.operators).toEqual(plain.operators);
    expect(again.gradients).toEqual(plain.gradients);
  });
});
