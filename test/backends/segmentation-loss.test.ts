import { tensor4d, tensor5d } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { classes: 2, dice: true, volume: [1, 1, 1, 1] },
  { classes: 3, dice: false, volume: [1, 5, 7, 11] },
  { classes: 3, dice: true, volume: [1, 11, 13, 17] },
  { classes: 4, dice: true, volume: [2, 9, 10, 11] },
  { classes: 7, dice: true, volume: [1, 3, 5, 7] },
].map(({ classes, dice, volume }) => ({ label: `${classes} classes${dice ? ' with Dice' : ''} on ${volume.join(' x ')}`, classes, volume, attributes: { dice } }));
const input = ({ classes, volume }: (typeof cases)[number]) => {
  const [logits, labels] = [randomArray('logits', ...volume, classes), randomArray('labels', ...volume)];
  return {
    logits: { ...logits, data: logits.data.map((value) => Math.fround(10 * value)) },
    labels: { ...labels, data: labels.data.map((value) => Math.min(classes - 1, Math.floor(((value + 1) / 2) * classes))) },
  };
};
describeKernel('SegmentationLoss', cases.map((one) => ({ ...one, inputs: input(one) })));
describeKernel('SegmentationLossBackward', cases.map((one) => ({ ...one, inputs: { ...input(one), dloss: { shape: [], data: Float64Array.of(0.75) } } })));

describe('labels that are no class', () => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 1 });
  });
  afterAll(() => handle.dispose());

  it.each([-1, 3])('%i of three classes is refused', (label) => {
    const logits = tensor5d(new Float32Array(24), [1, 2, 2, 2, 3]);
    const labels = tensor4d([0, 1, 2, 0, label, 1, 2, 0], [1, 2, 2, 2], 'int32');
    expect(() => segmentationLoss(logits, labels, { dice: true })).toThrow('labels that are not 0 to 2');
  });
});
