import { tensor, tidy, type Tensor1D, type Tensor2D, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { cubeRotations } from '../../engine/math/rotation';
import { gateInputIrreps } from '../../engine/math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, scalarCopies, type Irreps } from '../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { gate } from '../../engine/ops/gate';
import { instanceNorm } from '../../engine/ops/instance-norm';
import { maxPool } from '../../engine/ops/max-pool';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { selfConnection } from '../../engine/ops/self-connection';
import { steerableConvolution } from '../../engine/ops/steerable-convolution';
import { resample } from '../../engine/ops/resample';
import { relativeError } from '../support/relative-error';
import { turnedField } from '../support/turned-field';
import { randomArray } from './describe-kernel';

const n = 12;
const irreps = parseIrreps('3x0e+2x1e+2x2e');
const gated = gateInputIrreps(irreps);
const odd = parseIrreps('2x0e+1x0o+1x1o+1x1e+1x2o+1x3o');
const values = (name: string, ...shape: number[]) => tensor(Float32Array.from(randomArray(name, ...shape).data), shape);
const convolution = (kernelSize: number, cutoff: boolean) => (x: Tensor5D) =>
  steerableConvolution(x, values('weight', 4, weightsOf(pathsOf(irreps, gated, harmonicIrreps(2)))) as Tensor2D, values('self', weightsOf(selfPathsOf(irreps, gated))) as Tensor1D, { irrepsIn: irreps, irrepsOut: gated, harmonics: harmonicIrreps(2), lattice: { diameter: kernelSize, steps: [1, 1, 1], radialFunctions: 4, cutoff } });

/** What each steerable operator reads and gives. */
const operators: readonly { name: string; from: Irreps; to: Irreps; run: (x: Tensor5D) => Tensor5D }[] = [
  { name: 'steerable convolution 5^3', from: irreps, to: gated, run: convolution(5, true) },
  { name: 'steerable convolution 3^3', from: irreps, to: gated, run: convolution(3, true) },
  { name: 'steerable convolution 5^3 without cut-off', from: irreps, to: gated, run: convolution(5, false) },
  { name: 'self-connection', from: irreps, to: irreps, run: (x) => selfConnection(x, values('self', weightsOf(selfPathsOf(irreps, irreps))) as Tensor1D, values('bias', scalarCopies(irreps)) as Tensor1D, { irrepsIn: irreps, irrepsOut: irreps }) },
  { name: 'instance norm', from: irreps, to: irreps, run: (x) => instanceNorm(x, values('weight', copies(irreps)) as Tensor1D, values('bias', scalarCopies(irreps)) as Tensor1D, { irreps, epsilon: 1e-5 }) },
  { name: 'gate', from: gated, to: irreps, run: (x) => gate(x, { irreps }) },
  { name: 'max-pooling by norm', from: irreps, to: irreps, run: (x) => maxPool(x, { irreps, extent: [2, 2, 2] }) },
  { name: 'average pooling', from: irreps, to: irreps, run: (x) => resample(x, 'average', [3, 3, 3]) },
  { name: 'trilinear upsampling', from: irreps, to: irreps, run: (x) => resample(x, 'linear', [2, 2, 2]) },
  { name: 'instance norm by mean norm', from: irreps, to: irreps, run: (x) => instanceNorm(x, values('weight', copies(irreps)) as Tensor1D, values('bias', scalarCopies(irreps)) as Tensor1D, { irreps, epsilon: 1e-5, by: 'mean-norm' }) },
  { name: 'gate of odd irreps and degree 3', from: gateInputIrreps(odd), to: odd, run: (x) => gate(x, { irreps: odd }) },
];

describe('steerable kernels commute with the 24 rotations of the cube', () => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 2 });
  });
  afterAll(() => handle.dispose());

  function apply(run: (x: Tensor5D) => Tensor5D, { shape, data }: NumberArray): NumberArray {
    const y = tidy(() => run(tensor(Float32Array.from(data), shape as Tensor5D['shape'])));
    const result = { shape: y.shape, data: Float64Array.from(y.dataSync()) };
    y.dispose();
    return result;
  }
  it.each(operators)('$name', ({ from, to, run }) => {
    const x = randomArray('x', 1, n, n, n, dimension(from));
    const upright = apply(run, x);
    const errors = cubeRotations.map(({ matrix }) => relativeError(apply(run, turnedField(x, from, matrix)).data, turnedField(upright, to, matrix).data));
    expect(errors).toHaveLength(24);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });
  it('steerable convolution in O(3), also with the reflections', () => {
    const [from, to, harmonics] = [parseIrreps('2x0e+1x0o+1x1o+2x2o+1x3e'), parseIrreps('1x0o+2x0e+1x1e+1x1o+1x2e+1x3o'), harmonicIrreps(3, -1)];
    const attributes = { irrepsIn: from, irrepsOut: to, harmonics, lattice: { diameter: 5, steps: [1, 1, 1], radialFunctions: 4, cutoff: false } } as const;
    const run = (x: Tensor5D) => steerableConvolution(x, values('weight', 4, weightsOf(pathsOf(from, to, harmonics))) as Tensor2D, values('self', weightsOf(selfPathsOf(from, to))) as Tensor1D, attributes);
    const x = randomArray('x', 1, 5, 5, 5, dimension(from));
    const upright = apply(run, x);
    const all = cubeRotations.flatMap(({ matrix }) => [matrix, matrix.map((element) => -element)]);
    expect(all).toHaveLength(48);
    for (const matrix of all) expect(relativeError(apply(run, turnedField(x, from, matrix)).data, turnedField(upright, to, matrix).data)).toBeLessThan(1e-5);
  });
  it('steerable convolution on long voxels, with the 8 rotations that keep their axis', () => {
    const attributes = { irrepsIn: irreps, irrepsOut: gated, harmonics: harmonicIrreps(2), lattice: { diameter: 5, steps: [1, 1, 2], radialFunctions: 4, cutoff: true } } as const;
    const run = (x: Tensor5D) => steerableConvolution(x, values('weight', 4, weightsOf(pathsOf(irreps, gated, harmonicIrreps(2)))) as Tensor2D, values('self', weightsOf(selfPathsOf(irreps, gated))) as Tensor1D, attributes);
    const x = randomArray('x', 1, 4, 6, 5, dimension(irreps));
    const upright = apply(run, x);
    const errors = cubeRotations.filter(({ matrix }) => Math.abs(matrix[8]!) > 0.5).map(({ matrix }) => relativeError(apply(run, turnedField(x, irreps, matrix)).data, turnedField(upright, gated, matrix).data));
    expect(errors).toHaveLength(8);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });
  it('max-pooling by norm even where mirror images have the same norm', () => {
    // symmetric under every rotation: each window on a diagonal holds mirror images
    const centre = (n - 1) / 2;
    const vectors = parseIrreps('1x1e');
    const data = Float64Array.from({ length: n ** 3 * 3 }, (_, i) => {
      const [z, y, x] = [Math.floor(i / 3 / n / n), Math.floor(i / 3 / n) % n, Math.floor(i / 3) % n].map((v) => v - centre) as [number, number, number];
      return Math.fround([x, y, z][i % 3]! / (1 + x * x + y * y + z * z));
    });
    const x = { shape: [1, n, n, n, 3], data };
    const pool = (field: Tensor5D) => maxPool(field, { irreps: vectors, extent: [2, 2, 2] });
    const upright = apply(pool, x);
    for (const { matrix } of cubeRotations) expect(relativeError(apply(pool, turnedField(x, vectors, matrix)).data, turnedField(upright, vectors, matrix).data)).toBeLessThan(1e-5);
  });
  it('would notice a kernel that does not: components in another order', () => {
    const x = randomArray('x', 1, n, n, n, dimension(irreps));
    const shifted = ({ shape, data }: NumberArray): NumberArray => ({ shape, data: data.map((_, i) => data[i - (i % 17) + ((i + 1) % 17)]!) });
    const upright = apply(gateless, shifted(x));
    const errors = cubeRotations.map(({ matrix }) => relativeError(apply(gateless, shifted(turnedField(x, irreps, matrix))).data, turnedField(upright, gated, matrix).data));
    expect(Math.max(...errors)).toBeGreaterThan(0.1);
  });
  const gateless = convolution(3, true);
});
