import { describe, expect, it } from 'vitest';
import { storedTrainingSpec, trainingSpec } from '../../engine/contract/training-spec';

const spec = { name: 'a-run', model: { architecture: 'unet', features: 2, outputs: 3, poolings: 1, kernelSize: 3 }, data: { dataset: '.' } };

describe('the loss of a training', () => {
  it('is as it was where a spec says nothing new', () => {
    expect(trainingSpec.parse(spec)).toMatchObject({ loss: 'cross-entropy+dice', lossOptions: {} });
    for (const loss of ['cross-entropy', 'dice', 'cross-entropy+dice']) expect(trainingSpec.parse({ ...spec, loss })).toMatchObject({ loss, lossOptions: {} });
  });
  it('takes one weight for each output, and a label that is no class to ignore', () => {
    const lossOptions = { classWeights: [0.5, 1, 4], ignoreLabel: 3 };
    expect(trainingSpec.parse({ ...spec, lossOptions }).lossOptions).toEqual(lossOptions);
  });
  it.each([
    [{ classWeights: [1, 2] }, 'there are 2 weights for 3 outputs'],
    [{ classWeights: [1, 2, 0] }, 'classWeights'],
    [{ classWeights: [1, 2, Infinity] }, 'classWeights'],
    [{ ignoreLabel: 2 }, '2 is one of the 3 classes'],
    [{ ignoreLabel: 256 }, 'ignoreLabel'],
  ])('%o is refused', (lossOptions, message) => {
    const { error } = trainingSpec.safeParse({ ...spec, lossOptions });
    expect(error?.message).toContain(message);
  });
});

describe('fields that came later', () => {
  it('leave the training of an older spec as it was', () => {
    expect(trainingSpec.parse(spec)).toMatchObject({ augmentation: { rotationDegrees: 0, mirror: false, intensity: false }, stopping: { monitor: 'validation-dice' }, data: { skipBroken: false } });
    expect(trainingSpec.parse(spec).optimiser.weightAverage).toBeUndefined();
  });
  it('of a stored spec: patches were centred on no structure before there was a share for it', () => {
    const { sampling: { foregroundShare, ...sampling }, ...rest } = trainingSpec.parse(spec);
    expect(foregroundShare).toBe(0.5);
    expect(storedTrainingSpec.parse({ ...rest, sampling }).sampling.foregroundShare).toBe(0);
    expect(storedTrainingSpec.parse({ ...rest, sampling: { ...sampling, foregroundShare } }).sampling.foregroundShare).toBe(0.5);
    expect(storedTrainingSpec.safeParse('nothing').success).toBe(false);
  });
});

it('takes a split file or sizes of a split, not both', () => {
  const splitSizes = { train: 3, validation: 1, test: 0 };
  expect(trainingSpec.parse({ ...spec, data: { dataset: '.', splitSizes } }).data.splitSizes).toEqual(splitSizes);
  expect(trainingSpec.safeParse({ ...spec, data: { dataset: '.', splitSizes, split: 'split.json' } }).error?.message).toContain('not both');
});
