/** @file One short measurement of the current backend: enough to tell slow from fast, not to compare machines. */
import { tensor, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { dimension, parseIrreps } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { runOperator } from '../ops/run-operator';

/** Least milliseconds of five forward steerable convolutions 4x0e+2x1e+1x2e to itself, 5^3, on 24^3 voxels. */
export function timeConvolution(): number {
  const irreps = parseIrreps('4x0e+2x1e+1x2e');
  const harmonics = parseIrreps('1x0e+1x1e+1x2e');
  const attributes = { irrepsIn: irreps, irrepsOut: irreps, harmonics, lattice: { diameter: 5, steps: [1, 1, 1] as const, radialFunctions: 5, cutoff: true } };
  const ones = (...shape: number[]): Tensor => tensor(new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1), shape);
  const once = (): number => {
    let milliseconds = 0;
    tidy(() => {
      const inputs = { x: ones(1, 24, 24, 24, dimension(irreps)), weight: ones(5, weightsOf(pathsOf(irreps, irreps, harmonics))), self: ones(weightsOf(selfPathsOf(irreps, irreps))) };
      const start = performance.now();
      runOperator('SteerableConvolution', inputs, attributes)[0]!.dataSync();
      milliseconds = performance.now() - start;
    });
    return milliseconds;
  };
  once(); // compiles, or makes the kernel's basis
  return Number(Math.min(...Array.from({ length: 5 }, once)).toFixed(2));
}
