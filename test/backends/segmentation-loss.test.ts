import { tensor4d, tensor5d, valueAndGrad, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import type { LossAttributes } from '../../engine/ops/operators';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { classes: 2, dice: true, volume: [1, 1, 1, 1] },
  { classes: 3, dice: false, volume: [1, 5, 7, 11] },
  { classes: 3, dice: true, volume: [1, 11, 13, 17] },
  { classes: 4, dice: true, volume: [2, 9, 10, 11] },
  { classes: 7, dice: true, volume: [1, 3, 5, 7] },
  { classes: 4, dice: true, crossEntropy: false, volume: [1, 11, 13, 17] },
  { classes: 3, dice: false, classWeights: [0.25, 1, 3], volume: [1, 11, 13, 17] },
  { classes: 5, dice: true, classWeights: [0.5, 2, 2, 1, 7], ignoreLabel: 2, volume: [1, 11, 13, 17] },
  { classes: 4, dice: true, ignoreLabel: 4, volume: [2, 9, 10, 11] },
  { classes: 2, dice: false, ignoreLabel: 255, volume: [1, 5, 7, 11] },
].map(({ classes, volume, ...attributes }) => ({ label: `${classes} classes on ${volume.join(' x ')}, ${JSON.stringify(attributes)}`, classes, volume, attributes }));
const labelOf = (value: number, kinds: number): number => Math.min(kinds - 1, Math.max(0, Math.floor(((value + 1) / 2) * kinds)));
const input = ({ classes, volume, attributes }: Pick<(typeof cases)[number], 'classes' | 'volume'> & { attributes: LossAttributes }) => {
  const { ignoreLabel = 0 } = attributes;
  const kinds = Math.max(classes, Math.min(ignoreLabel, classes) + 1);
  const [logits, labels] = [randomArray('logits', ...volume, classes), randomArray('labels', ...volume)];
  return {
    logits: { ...logits, data: logits.data.map((value) => Math.fround(10 * value)) },
    labels: { ...labels, data: labels.data.map((value) => labelOf(value, kinds)).map((label) => (label < classes ? label : ignoreLabel)) },
  };
};
describeKernel('SegmentationLoss', cases.map((one) => ({ ...one, inputs: input(one) })));
describeKernel('SegmentationLossBackward', cases.map((one) => ({ ...one, inputs: { ...input(one), dloss: { shape: [], data: Float64Array.of(0.75) } } })));

it('the cases with a label to ignore have it, and other labels', () => {
  for (const one of cases.filter(({ attributes }) => 'ignoreLabel' in attributes)) {
    const labels = new Set(input(one).labels.data);
    expect(labels).toContain((one.attributes as LossAttributes).ignoreLabel);
    expect(labels.size).toBeGreaterThan(1);
  }
});

describe('labels that are no class', () => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 1 });
  });
  afterAll(() => handle.dispose());

  it.each([-1, 3])('%i of three classes is refused', (label) => {
    const logits = tensor5d(new Float32Array(24), [1, 2, 2, 2, 3]);
    const labels = tensor4d([0, 1, 2, 0, label, 1, 2, 0], [1, 2, 2, 2], 'int32');
    expect(() => segmentationLoss(logits, labels, { dice: true })).toThrow('labels that are not 0 to 2.');
    expect(() => segmentationLoss(logits, labels, { dice: true, ignoreLabel: 7 })).toThrow('labels that are not 0 to 2 or 7.');
    expect(segmentationLoss(logits, labels, { dice: false, ignoreLabel: label }).dataSync()[0]).toBeCloseTo(Math.log(3), 6);
  });

  it('where all are ignored, loss and gradient are 0', () => {
    const labels = tensor4d(new Int32Array(8).fill(255), [1, 2, 2, 2], 'int32');
    const logits = tensor5d(Float32Array.from({ length: 24 }, (_, n) => n % 5), [1, 2, 2, 2, 3]);
    for (const attributes of [{ dice: false }, { dice: true }, { crossEntropy: false, dice: true }]) {
      const { value, grad } = valueAndGrad((x) => segmentationLoss(x as Tensor5D, labels, { ...attributes, classWeights: [1, 2, 3], ignoreLabel: 255 }))(logits);
      expect([...value.dataSync()]).toEqual([0]);
      expect([...grad.dataSync()].map(Math.abs)).toEqual(Array(24).fill(0));
    }
  });
});
