import { describe, expect, it } from 'vitest';
import { quickened, quickOptions, quickPhantoms } from '../../engine/experiments/quick';
import { builtInStudy, studyNames, widthOf } from '../../engine/experiments/studies';

describe('quick studies', () => {
  it.each(studyNames)('%s has a spec of small networks for its phantoms', (name) => {
    const study = quickened(builtInStudy(name, quickOptions(name)));
    for (const { spec } of study.arms) {
      expect(spec.model.outputs).toBe(8);
      expect(spec.data.trainingCases ?? 0).toBeLessThanOrEqual(quickPhantoms.cases * 0.6);
      expect(spec.stopping.maximumSteps).toBeLessThanOrEqual(400);
    }
  });
});

describe('built-in studies', () => {
  it('have the paper\'s ratios, of 30 to 36 channels, and sizes min(2^n, N)', () => {
    const { base } = quickOptions('models');
    const ratios = builtInStudy('irreps-ratio', { base, trainingCases: 18 }).arms.map(({ x, spec: { model } }) => [x, model.architecture === 'steerable-unet' && widthOf(model.irreps)]);
    expect(ratios).toEqual([['8:4:2', 30], ['30:0:0', 30], ['8:8:0', 32], ['4:4:4', 36]]);
    expect(builtInStudy('set-size', { base, trainingCases: 18 }).arms.filter(({ series }) => series === 'steerable').map(({ x }) => x)).toEqual([2, 4, 8, 16, 18]);
    expect(widthOf('8x0e+4x1e+2x2e')).toBe(30);
  });
  it('turn samples where the name says so and nowhere else, whatever the base does', () => {
    const { base } = quickOptions('models');
    for (const rotationDegrees of [0, 20, 180])
      expect(builtInStudy('rotation', { base: { ...base, augmentation: { ...base.augmentation, rotationDegrees } }, trainingCases: 18 }).arms.map(({ spec }) => spec.augmentation.rotationDegrees)).toEqual([0, 0, 20, 180, 0]);
  });
  it('compare at equal width, kernel and depth', () => {
    const { base } = quickOptions('models');
    const [steerable, ordinary] = builtInStudy('rotation', { base: { ...base, model: { ...base.model, irreps: '8x0e+4x1e+2x2e' } as typeof base.model }, trainingCases: 18 }).arms;
    expect(ordinary!.spec.model).toMatchObject({ features: 30, kernelSize: steerable!.spec.model.kernelSize, poolings: steerable!.spec.model.poolings });
  });
});
