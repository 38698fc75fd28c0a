import { describe, expect, it } from 'vitest';
import { modelSpec, type SteerableUnetSpec } from '../../engine/contract/model-spec';
import { poolingExtents } from '../../engine/contract/network-sizes';
import { lattice } from '../../engine/math/so3/lattice';
import { planVariables } from '../../engine/model/build-network';
import { importE3nnUnet, type StateDict, type StateTensor } from '../../engine/model/import-e3nn-unet';

const network = (fields: Partial<SteerableUnetSpec>): SteerableUnetSpec => modelSpec.parse({ architecture: 'steerable-unet', irreps: '4x0e+2x1e+1x2e', outputs: 2, poolings: 2, cutoff: false, ...fields }) as SteerableUnetSpec;
const rounding = { F32: Math.fround, F16: (value: number) => roundedTo(value, 11), BF16: (value: number) => roundedTo(value, 8) };
const roundedTo = (value: number, bits: number): number => {
  const spacing = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - bits + 1);
  return Math.round(value / spacing) * spacing;
};

/** A state dict as e3nn_Unet stores it: kernels' points and radial functions of each level, in the precision of `dtype`; all weights are 0. */
function stateOf(spec: SteerableUnetSpec, levels: readonly (readonly [number, number, number])[], dtype: keyof typeof rounding = 'F32', prefix = ''): StateDict {
  const state = new Map<string, StateTensor>(planVariables(spec).map(({ name, shape }) => [`${prefix}${name}`, { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) }]));
  levels.forEach((steps, level) => {
    const diameter = spec.kernelSize * 2 ** level;
    const { reach, taps } = lattice({ diameter, steps, radialFunctions: spec.radialFunctions, cutoff: spec.cutoff });
    const points: number[] = [];
    const emb: number[] = [];
    for (let x = -reach[0]; x <= reach[0]; x++)
      for (let y = -reach[1]; y <= reach[1]; y++)
        for (let z = -reach[2]; z <= reach[2]; z++) {
          points.push(x * steps[0], y * steps[1], z * steps[2]);
          emb.push(...(taps.find(({ offset }) => offset.join() === [x, y, z].join())?.basis ?? Array<number>(spec.radialFunctions).fill(0)));
        }
    const extents = reach.map((voxels) => 2 * voxels + 1);
    const stored = (shape: number[], data: number[]): StateTensor => ({ dtype, shape, data: Float64Array.from(data, rounding[dtype]) });
    state.set(`${prefix}down.down_blocks.${level}.conv1.lattice`, stored([...extents, 3], points));
    state.set(`${prefix}down.down_blocks.${level}.conv1.emb`, stored([...extents, spec.radialFunctions], emb));
  });
  return state;
}

describe('the geometry of an imported network', () => {
  const third = 2 / 3;
  it('is that of steps that float32 does not hold: three steps of 2/3 are joined where the scale is 2', () => {
    const steps = [third, third, 1] as const;
    const levels = [steps, [2, 2, 2], [4, 4, 4]] as const;
    const { spec } = importE3nnUnet(stateOf(network({ kernelSize: 4, scale: 2.000001, steps: levels.map((one) => [...one] as [number, number, number]) }), levels), {}, 'a.pt');
    expect(spec).toMatchObject({ kernelSize: expect.closeTo(4, 4) as number, scale: expect.closeTo(2, 4) as number });
    expect(poolingExtents(spec)).toEqual([[3, 3, 2], [2, 2, 2]]);
  });
  it('is exact where steps have more than six digits', () => {
    const step = 0.87890625;
    const steps = [step, step, step] as [number, number, number];
    const levels = [1, 3, 6].map((factor) => steps.map((one) => one * factor) as [number, number, number]);
    const { spec } = importE3nnUnet(stateOf(network({ kernelSize: 4 * step, scale: 3 * step, steps }), levels), {}, 'a.pt');
    expect(spec).toMatchObject({ steps, scale: expect.closeTo(3 * step, 5) as number, kernelSize: expect.closeTo(4 * step, 5) as number });
  });
  it('is found in half precision', () => {
    const steps: [number, number, number] = [0.7, 0.7, 2.1];
    const levels = [steps, [2.1, 2.1, 2.1]] as const;
    const state = stateOf(network({ poolings: 1, kernelSize: 5, scale: 2.2, steps }), levels, 'F16');
    expect(importE3nnUnet(state, {}, 'a.pt').spec).toMatchObject({ steps, kernelSize: expect.closeTo(5, 1) as number, cutoff: false, scale: expect.closeTo(2.1, 2) as number });
  });
  const cubes = [[1, 1, 1], [2, 2, 2], [4, 4, 4]] as const;
  it('refuses a scale that the kernels of lower levels contradict, and takes steps that are given', () => {
    const state = stateOf(network({ kernelSize: 5 }), cubes);
    expect(() => importE3nnUnet(state, { scale: 3 }, 'a.pt')).toThrow(/a\.pt holds kernels whose steps are not those that a scale of 3 gives/);
    expect(importE3nnUnet(state, { steps: [1, 1, 1] }, 'a.pt').spec).toMatchObject({ steps: [1, 1, 1], scale: 2 });
    expect(() => importE3nnUnet(state, { steps: [2, 2, 2], scale: 4 }, 'a.pt')).toThrow(/emb is not what diameter .*, steps 2 x 2 x 2/);
    expect(importE3nnUnet(state, { steps: [0.5, 0.5, 0.5], diameter: 2.5, scale: 1, cutoff: false }, 'a.pt').spec).toMatchObject({ steps: [0.5, 0.5, 0.5], kernelSize: 2.5, scale: 1 });
  });
  it('is read below whatever a program put in front of the names', () => {
    expect(importE3nnUnet(stateOf(network({ kernelSize: 5 }), cubes, 'F32', '_orig_mod.module.'), {}, 'a.safetensors').spec).toMatchObject({ kernelSize: 5, steps: [1, 1, 1] });
  });
});

it('sizes made up so that no irreps fit are refused at once', () => {
  const state = new Map(stateOf(network({ kernelSize: 3, poolings: 1 }), [[1, 1, 1], [2, 2, 2]]));
  state.set('down.down_blocks.0.conv2.sc.weight', { shape: [200_000_000], data: [] });
  const start = performance.now();
  expect(() => importE3nnUnet(state, {}, 'huge.pt')).toThrow(/huge\.pt holds another architecture: no irreps give/);
  expect(performance.now() - start).toBeLessThan(10_000);
});
