import { engine, tensor, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { hasRelaxedSimd } from '../../engine/backends/wasm/assembler';
import type { HeapTensor } from '../../engine/backends/wasm/backend';
import { steerableConvolution } from '../../engine/backends/wasm/kernels/steerable-convolution';
import { chooseFourierPlan, leastWork, type LayerShape } from '../../engine/backends/wasm/kernels/steerable/fourier/choose-plan';
import { stencilOf } from '../../engine/backends/wasm/kernels/steerable/stencil';
import { dimension, harmonicIrreps, parseIrreps, type Irreps } from '../../engine/math/so3/irreps';
import { lattice, type LatticeSpec } from '../../engine/math/so3/lattice';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { steerableConvolution as reference, steerableConvolutionBackward as referenceBackward } from '../../engine/ops/reference/steerable-convolution';
import { splitChannels } from '../../engine/ops/reference/concat-channels';
import { relativeError } from '../support/relative-error';
import { randomArray } from './describe-kernel';

const paper: LatticeSpec = { diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true };
const [so3, o3] = [harmonicIrreps(2), harmonicIrreps(2, -1)];
const shapeOf = (from: string, to: string, spec = paper, harmonics = so3): LayerShape => {
  const voxels = lattice(spec);
  const irrepsIn = parseIrreps(from);
  return { lattice: voxels, stencil: stencilOf(voxels, harmonics.map(({ degree }) => degree)), irrepsIn, irrepsOut: parseIrreps(to), harmonics, inputs: [dimension(irrepsIn)] };
};

describe('the plan', () => {
  const top = shapeOf('8x0e+4x1e+2x2e', '14x0e+4x1e+2x2e');
  it('is Fourier transforms at the top of the paper\'s network', () => {
    expect(chooseFourierPlan(top, [1, 64, 64, 64], 'forward')).toMatchObject({ lengths: [20, 20, 20], tiles: [4, 4, 4] });
    expect(chooseFourierPlan(top, [1, 64, 64, 64], 'backward')).toBeDefined();
  });
  it('leaves an image, few voxels and many channels to the tiles\' pass', () => {
    expect(chooseFourierPlan(shapeOf('1x0e', '14x0e+4x1e+2x2e'), [1, 64, 64, 64], 'forward')).toBeUndefined();
    expect(chooseFourierPlan(top, [1, 8, 8, 8], 'forward')).toBeUndefined();
    expect(chooseFourierPlan(shapeOf('64x0e+32x1e+16x2e', '112x0e+32x1e+16x2e'), [1, 8, 8, 8], 'backward')).toBeUndefined();
  });
  it('leaves kernels of other extents to the tiles\' pass', () => {
    for (const spec of [{ ...paper, diameter: 7 }, { ...paper, steps: [1, 1, 2] as const }]) expect(leastWork(shapeOf('1x0e', '1x0e', spec), [1, 64, 64, 64], 'forward')).toBeUndefined();
  });
  it('keeps the spectra of a slab within 64 MiB', () => {
    const { plan } = leastWork(shapeOf('48x0e+24x1e+12x2e', '28x0e+8x1e+4x2e'), [1, 128, 128, 128], 'backward')!;
    expect((plan.points / 8) * plan.tilesPerSlab * 64 * (184 + 72)).toBeLessThanOrEqual(64 * 2 ** 20);
  });
});

/** In slabs of so few bytes that there are several; `first`: the first so many channels in one tensor, the others in a second. */
const settings: readonly { from: string; to: string; size: readonly number[]; kernel?: Partial<LatticeSpec>; harmonics?: Irreps; bytes?: number; first?: number }[] = [
  { from: '1x0e', to: '1x0e', size: [1, 1, 1, 1] },
  { from: '1x0e', to: '7x0e+2x1e+1x2e', size: [1, 3, 5, 7] },
  { from: '4x0e+2x1e+1x2e', to: '7x0e+2x1e+1x2e', size: [1, 11, 10, 13] },
  { from: '4x0e+2x1e+1x2e+2x0e+1x1e+1x2e', to: '6x0e+1x1e+1x2e', size: [1, 17, 9, 18], bytes: 2 ** 20 },
  { from: '4x0e+2x1e+1x2e+2x0e+1x1e+1x2e', to: '6x0e+1x1e+1x2e', size: [1, 17, 9, 18], bytes: 2 ** 20, first: 15 },
  { from: '4x0e+3x0o+3x1e', to: '2x0o+1x1e', size: [2, 7, 9, 5], first: 4 },
  { from: '5x0e+3x1e+2x2e', to: '9x0e+3x1e+3x2e', size: [2, 4, 5, 12] },
  { from: '3x0e+1x1e', to: '2x1e+3x0e', size: [3, 9, 9, 10], kernel: { diameter: 3, radialFunctions: 3 }, bytes: 2 ** 18 },
  { from: '2x0e+2x1e+1x2e', to: '3x0e+1x1e+1x2e', size: [1, 9, 6, 7], kernel: { cutoff: false } },
  { from: '1x2e+2x0o+1x1o+3x0e', to: '2x1e+1x2o+3x0o+1x1o+2x0e+1x2e', size: [1, 6, 5, 9], harmonics: o3 },
  { from: '2x0e+1x1o+1x3o', to: '1x0e+1x1o+1x2e+1x3o+1x3e', size: [1, 5, 7, 4], kernel: { cutoff: false }, harmonics: harmonicIrreps(3, -1) },
];
const ways = [{ threads: 1, wide: false }, { threads: 2, wide: true }, { threads: 4 }];
const variants = hasRelaxedSimd() ? (['plain', 'relaxed'] as const) : (['plain'] as const);

describe.each(settings)('by Fourier transforms, $from -> $to, $size, $first', ({ from, to, size, kernel, harmonics = so3, bytes, first }) => {
  const attributes = { irrepsIn: parseIrreps(from), irrepsOut: parseIrreps(to), harmonics, lattice: { ...paper, ...kernel } };
  const inputs = {
    x: randomArray(`x${from}`, ...size, dimension(attributes.irrepsIn)),
    dy: randomArray(`dy${from}`, ...size, dimension(attributes.irrepsOut)),
    weight: randomArray(`weight${from}`, attributes.lattice.radialFunctions, weightsOf(pathsOf(attributes.irrepsIn, attributes.irrepsOut, harmonics))),
    self: randomArray(`self${from}`, weightsOf(selfPathsOf(attributes.irrepsIn, attributes.irrepsOut))),
  };
  const toTensor = ({ shape, data }: NumberArray): Tensor => tensor(Float32Array.from(data), [...shape]);
  const valuesOf = (infos: readonly TensorInfo[]): Float32Array[] =>
    infos.map((info) => {
      const made = engine().makeTensorFromTensorInfo(info);
      const values = made.dataSync() as Float32Array;
      made.dispose();
      return values.slice();
    });
  const halves = first ? splitChannels(inputs.x, first) : undefined;
  /** y, dx (in halves), gradient of the weights and of the self-connection; and how many slabs there were. */
  function results({ backend }: BackendHandle) {
    let slabs = 0;
    const kernels = steerableConvolution(backend, (layer, shape, direction) => {
      const { plan } = leastWork(layer, shape, direction, bytes)!;
      slabs = Math.max(slabs, Math.ceil(plan.tileCount / plan.tilesPerSlab));
      return plan;
    });
    const tensors = Object.values({ ...inputs, a: halves?.da ?? inputs.x, b: halves?.db ?? inputs.x }).map(toTensor);
    const [x, dy, weight, self, a, b] = tensors.map((one) => backend.heapTensor(one)) as [HeapTensor, HeapTensor, HeapTensor, HeapTensor, HeapTensor, HeapTensor];
    const run = () =>
      halves
        ? [kernels.SteerableConvolutionOfTwo({ a, b, weight, self }, attributes), kernels.SteerableConvolutionOfTwoBackward({ dy, a, b, weight, self }, attributes)]
        : [kernels.SteerableConvolution({ x, weight, self }, attributes), kernels.SteerableConvolutionBackward({ dy, x, weight, self }, attributes)];
    const all = () => valuesOf(backend.attempt(run).flat());
    all();
    const before = backend.machine.heap.blocks;
    const values = all();
    const leaked = backend.machine.heap.blocks - before;
    for (const one of tensors) one.dispose();
    return { values, slabs, leaked };
  }
  const expected = () => {
    const { y } = reference(inputs, attributes);
    const { dx, dweight, dself } = referenceBackward(inputs, attributes);
    const dhalves = first ? splitChannels(dx, first) : undefined;
    return [y, ...(dhalves ? [dhalves.da, dhalves.db] : [dx]), dweight, dself];
  };

  it.each(variants)('equals the reference, and gives every block back: %s', async (kernelVariant) => {
    const handle = await startBackend({ threads: 2, kernelVariant });
    const { values, slabs, leaked } = results(handle);
    await handle.dispose();
    if (bytes) expect(slabs).toBeGreaterThan(1);
    expect(leaked).toBe(0);
    expected().forEach(({ data }, n) => expect(relativeError(values[n]!, data)).toBeLessThan(2e-6));
  });
  it('has the same bits on any number of threads, eight lanes together or not', async () => {
    const runs: Float32Array[][] = [];
    for (const way of ways) {
      const handle = await startBackend(way);
      runs.push(results(handle).values);
      await handle.dispose();
    }
    for (const other of runs.slice(1)) expect(other).toEqual(runs[0]);
  });
});
