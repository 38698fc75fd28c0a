import { tensor, type Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { hasRelaxedSimd } from '../../engine/backends/wasm/assembler';
import { Random } from '../../engine/math/random';
import { dimension, harmonicIrreps, parseIrreps, printIrreps, type Irreps } from '../../engine/math/so3/irreps';
import { lattice, type LatticeSpec } from '../../engine/math/so3/lattice';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import type { SteerableConvolutionAttributes } from '../../engine/ops/operators';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { steerableConvolution, steerableConvolutionBackward } from '../../engine/ops/reference/steerable-convolution';
import { runOperator } from '../../engine/ops/run-operator';
import { convolutionCases } from '../support/convolution-cases';
import { relativeError } from '../support/relative-error';
import { fixtureFile, goldenFile } from '../support/safetensors-file';
import { describeKernel, randomArray } from './describe-kernel';

const paper: LatticeSpec = { diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true };
const [so3, o3] = [harmonicIrreps(2), harmonicIrreps(2, -1)];

type Inputs = Record<'x' | 'dy' | 'weight' | 'self', NumberArray>;
/** @param size [batch, z, y, x] */
function inputsOf(name: string, size: readonly number[], { irrepsIn, irrepsOut, harmonics, lattice: { radialFunctions } }: SteerableConvolutionAttributes): Inputs {
  return {
    x: randomArray(`x${name}`, ...size, dimension(irrepsIn)),
    dy: randomArray(`dy${name}`, ...size, dimension(irrepsOut)),
    weight: randomArray(`weight${name}`, radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))),
    self: randomArray(`self${name}`, weightsOf(selfPathsOf(irrepsIn, irrepsOut))),
  };
}

/** Irreps with unmerged entries are those behind a concatenation. */
const settings: readonly { from: string; to: string; size: readonly number[]; kernel?: Partial<LatticeSpec>; harmonics?: Irreps }[] = [
  { from: '1x0e', to: '1x0e', size: [1, 1, 1, 1] },
  { from: '1x0e', to: '7x0e+2x1e+1x2e', size: [1, 3, 5, 7] },
  { from: '4x0e+2x1e+1x2e', to: '7x0e+2x1e+1x2e', size: [1, 11, 10, 13] },
  { from: '4x0e+2x1e+1x2e+2x0e+1x1e+1x2e', to: '6x0e+1x1e+1x2e', size: [1, 8, 9, 8] },
  { from: '5x0e+3x1e+2x2e', to: '9x0e+3x1e+3x2e', size: [2, 4, 5, 12] },
  { from: '8x0e+4x1e+2x2e', to: '14x0e+4x1e+2x2e', size: [1, 5, 17, 19], kernel: { diameter: 3 } },
  { from: '4x0e+2x1e+1x2e', to: '7x0e+2x1e+1x2e', size: [1, 9, 6, 7], kernel: { cutoff: false } },
  { from: '1x2e+2x0o+1x1o+3x0e', to: '2x1e+1x2o+3x0o+1x1o+2x0e+1x2e', size: [1, 6, 5, 9], harmonics: o3 },
  { from: '2x0e+1x1o+1x3o', to: '1x0e+1x1o+1x2e+1x3o+1x3e', size: [1, 5, 7, 4], kernel: { cutoff: false }, harmonics: harmonicIrreps(3, -1) },
  { from: '3x0e+1x1e+1x2e', to: '2x0e+2x1e+1x3e', size: [1, 4, 6, 17], kernel: { diameter: 7.5, steps: [1.5, 0.9, 2.5], radialFunctions: 6 } },
];
const cases = settings.map(({ from, to, size, kernel, harmonics = so3 }, i) => {
  const attributes = { irrepsIn: parseIrreps(from), irrepsOut: parseIrreps(to), harmonics, lattice: { ...paper, ...kernel } };
  return { label: `${from} -> ${to}, ${size.join(' x ')}, ${printIrreps(harmonics)}, ${JSON.stringify(kernel ?? {})}`, inputs: inputsOf(`${i}`, size, attributes), attributes };
});
describeKernel('SteerableConvolution', cases.map(({ inputs: { x, weight, self }, ...one }) => ({ ...one, inputs: { x, weight, self } })));
describeKernel('SteerableConvolutionBackward', cases);
describeKernel('SteerableConvolutionBackwardWeight', cases.map(({ inputs: { dy, x }, ...one }) => ({ ...one, inputs: { dy, x } })));

/** The first entries in one tensor, the others in a second: with and without whole vectors, two batch items, odd parities. */
const pairs = cases.flatMap(({ label, attributes, inputs: { x, ...inputs } }) => {
  const first = dimension(attributes.irrepsIn.slice(0, Math.ceil(attributes.irrepsIn.length / 2)));
  const second = x.shape[4]! - first;
  if (second === 0) return [];
  return [{ label: `${label}, ${first} + ${second} channels`, attributes, inputs: { a: randomArray(`a${label}`, ...x.shape.slice(0, 4), first), b: randomArray(`b${label}`, ...x.shape.slice(0, 4), second), ...inputs } }];
});
describeKernel('SteerableConvolutionOfTwo', pairs.map(({ inputs: { a, b, weight, self }, ...one }) => ({ ...one, inputs: { a, b, weight, self } })));
describeKernel('SteerableConvolutionOfTwoBackward', pairs);

const toTensor = ({ shape, data }: NumberArray): Tensor => tensor(Float32Array.from(data), [...shape]);
type Results = Record<'y' | 'dx' | 'dweight' | 'dself', ArrayLike<number>>;

function fast(inputs: Inputs, attributes: SteerableConvolutionAttributes): Results {
  const [x, dy, weight, self] = [inputs.x, inputs.dy, inputs.weight, inputs.self].map(toTensor) as [Tensor, Tensor, Tensor, Tensor];
  const outputs = [...runOperator('SteerableConvolution', { x, weight, self }, attributes), ...runOperator('SteerableConvolutionBackward', { dy, x, weight, self }, attributes)];
  const [y, dx, dweight, dself] = outputs.map((output) => output.dataSync()) as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (const one of [x, dy, weight, self, ...outputs]) one.dispose();
  return { y, dx, dweight, dself };
}
const expectNear = (results: Results, expected: Record<keyof Results, NumberArray>): void => {
  for (const name of ['y', 'dx', 'dweight', 'dself'] as const) expect(relativeError(results[name], expected[name].data), name).toBeLessThan(1e-5);
};

describe.each(hasRelaxedSimd() ? (['plain', 'relaxed'] as const) : (['plain'] as const))('fast steerable convolution, %s', (kernelVariant) => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 2, kernelVariant });
  }, 120_000);
  afterAll(() => handle.dispose());

  describe.each(
    ([
      ['golden', goldenFile('voxel_convolution')],
      ['fixtures', fixtureFile('voxel_convolution')],
    ] as const).flatMap(([kind, file]) => (file ? [[kind, file] as const] : [])),
  )('is e3nn_Unet\'s: %s', (_, file) => {
    it.each(convolutionCases(file).map((one) => [one.name, one] as const))('%s', (_name, { inputs, attributes, expected }) => expectNear(fast(inputs, attributes), expected));
  });

  it.each(Array.from({ length: 24 }, (_, n) => n))('is its slow reference on random layers: %i', (n) => {
    const random = Random.stream(n, 'layer');
    const pick = <T>(...values: readonly T[]): T => values[random.integer(values.length)]!;
    const parity = pick(1, -1) as 1 | -1;
    const entries = (): Irreps => Array.from({ length: 1 + random.integer(4) }, () => ({ multiplicity: 1 + random.integer(5), degree: random.integer(4), parity: parity === 1 ? 1 : pick(1, -1) as 1 | -1 }));
    const spec = (): LatticeSpec => ({ diameter: pick(3, 3.5, 4, 5, 7), steps: pick<LatticeSpec['steps']>([1, 1, 1], [1, 1, 2], [2, 1, 1], [0.9, 1.3, 3]), radialFunctions: 2 + random.integer(6), cutoff: pick<LatticeSpec['cutoff']>(true, false, 'left', 'right') });
    const attributes = { irrepsIn: entries(), irrepsOut: entries(), harmonics: harmonicIrreps(random.integer(4), parity), lattice: spec() };
    const inputs = inputsOf(`random ${n}`, [1 + random.integer(2), ...Array.from({ length: 3 }, () => pick(1, 2, 3, 5, 7))], attributes);
    const results = fast(inputs, attributes);
    expectNear(results, { ...steerableConvolution(inputs, attributes), ...steerableConvolutionBackward(inputs, attributes) });
  });

  it('leaves copies that no path reaches exactly zero', () => {
    const attributes = { irrepsIn: parseIrreps('1x0e'), irrepsOut: parseIrreps('2x0e+1x0o+1x1o+1x1e+1x2o'), harmonics: o3, lattice: paper };
    const { y } = fast(inputsOf('unreached', [1, 3, 4, 5], attributes), attributes);
    const largest = (channel: number) => Math.max(...Array.from({ length: 60 }, (_, voxel) => Math.abs(y[voxel * 14 + channel]!)));
    expect(Array.from({ length: 14 }, (_, channel) => largest(channel) > 0)).toEqual([true, true, false, true, true, true, ...Array<boolean>(8).fill(false)]);
  });
  it('refuses degrees it has no harmonics for', () => {
    const attributes = { irrepsIn: parseIrreps('1x0e'), irrepsOut: parseIrreps('1x4e'), harmonics: so3, lattice: paper };
    expect(() => fast(inputsOf('degree 4', [1, 2, 2, 2], attributes), attributes)).toThrow('a degree above 3');
  });
  it('refuses what the lattice refuses, and goes on', () => {
    const attributes = { irrepsIn: parseIrreps('1x0e'), irrepsOut: parseIrreps('1x0e'), harmonics: so3, lattice: { ...paper, diameter: 0.5 } };
    expect(() => lattice(attributes.lattice)).toThrow('smaller than a voxel');
    expect(() => fast(inputsOf('small', [1, 2, 2, 2], attributes), attributes)).toThrow('smaller than a voxel');
    expect(fast(inputsOf('whole', [1, 2, 2, 2], { ...attributes, lattice: paper }), { ...attributes, lattice: paper }).y).toHaveLength(8);
  });
});
