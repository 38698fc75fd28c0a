import { describe, expect, it } from 'vitest';
import { modelSpec, steerableUnetSpec } from '../../engine/contract/model-spec';
import { accepts, acceptedSizes, commonSizes, levelsOf, pooledSizes, printSizes } from '../../engine/contract/network-sizes';

const spec = (fields: object = {}) => steerableUnetSpec.parse({ architecture: 'steerable-unet', outputs: 2, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e', ...fields });

describe('levels', () => {
  it('of unit steps double in everything', () => {
    expect(levelsOf(spec())).toEqual([
      { diameter: 5, steps: [1, 1, 1], extent: [2, 2, 2] },
      { diameter: 10, steps: [2, 2, 2], extent: [2, 2, 2] },
      { diameter: 20, steps: [4, 4, 4], extent: [2, 2, 2] },
    ]);
  });
  it('of steps that differ are pooled later along the long one', () => {
    expect(levelsOf(spec({ steps: [1, 1, 2] })).map(({ steps, extent }) => [steps, extent])).toEqual([
      [[1, 1, 2], [2, 2, 1]],
      [[2, 2, 2], [2, 2, 2]],
      [[4, 4, 4], [2, 2, 2]],
    ]);
    expect(acceptedSizes(spec({ steps: [1, 1, 2] }))).toEqual({ multiple: [4, 4, 2], remainder: 0 });
  });
  it('follow the poolings, unless they are listed, as e3nn_Unet has them', () => {
    expect(levelsOf(spec({ steps: [0.7, 0.7, 2.1] }))[2]!.steps[0]).toBeCloseTo(2.8, 12);
    const listed = [[0.7, 0.7, 2.1], [1.4, 1.4, 2.1], [3.5, 3.5, 2.1]];
    expect(levelsOf(spec({ steps: listed })).map(({ steps }) => steps)).toEqual(listed);
  });
});

describe('sizes a network takes', () => {
  it('are multiples of 2^poolings for isotropic voxels, of either architecture', () => {
    expect(acceptedSizes(spec())).toEqual({ multiple: [4, 4, 4], remainder: 0 });
    expect(acceptedSizes(modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 3, kernelSize: 3, features: 1 }))).toEqual({ multiple: [8, 8, 8], remainder: 0 });
  });
  it('are one more with low-pass pooling, and any with padding in front', () => {
    expect(acceptedSizes(spec({ pooling: 'low-pass' }))).toEqual({ multiple: [4, 4, 4], remainder: 1 });
    expect(acceptedSizes(spec({ padding: 'front' }))).toEqual({ multiple: [1, 1, 1], remainder: 0 });
    expect(pooledSizes(spec({ padding: 'front' })).multiple).toEqual([4, 4, 4]);
    expect(accepts(acceptedSizes(spec({ pooling: 'low-pass' })), [17, 9, 5])).toBe(true);
    expect(accepts(acceptedSizes(spec()), [16, 10, 4])).toBe(false);
    expect(printSizes(acceptedSizes(spec({ pooling: 'low-pass', steps: [1, 1, 2] })))).toBe('multiples of 4x4x2 and one more');
  });
  it('of several networks are common multiples, if there are any', () => {
    expect(commonSizes([{ multiple: [4, 4, 2], remainder: 0 }, { multiple: [2, 6, 3], remainder: 0 }])).toEqual({ multiple: [4, 12, 6], remainder: 0 });
    expect(commonSizes([])).toEqual({ multiple: [1, 1, 1], remainder: 0 });
    expect(() => commonSizes([acceptedSizes(spec()), acceptedSizes(spec({ pooling: 'low-pass' }))])).toThrow('no size');
  });
});

it('specs of the first version parse as they were, with defaults added', () => {
  const old = { architecture: 'steerable-unet', schemaVersion: 1, inputs: 1, outputs: 3, poolings: 2, kernelSize: 5, padding: 'centred', irreps: '4x0e+2x1e+1x2e', radialFunctions: 5, cutoff: true } as const;
  expect(modelSpec.parse(old)).toMatchObject(old);
  expect(modelSpec.parse(old)).toMatchObject({ equivariance: 'SO3', maximumDegree: 2, steps: [1, 1, 1], scale: 2, normalisation: { kind: 'instance', by: 'root-mean-square' }, pooling: 'norm', dropout: 0, bias: true });
});
