import { memory, mul, sum, tensor4d, tensor5d, tidy, variableGrads, type Scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { argMaxChannels } from '../../engine/ops/arg-max-channels';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { Adam } from '../../engine/training/adam';
import { randomArray, randomLabels } from '../support/random-array';
import { relativeError } from '../support/relative-error';

const side = 16;
const specs: readonly (readonly [string, ModelSpec])[] = (
  [
    ['steerable U-Net', { architecture: 'steerable-unet', irreps: '2x0e+1x1e+1x2e', outputs: 3, poolings: 2, kernelSize: 5 }],
    ['ordinary U-Net', { architecture: 'unet', features: 4, outputs: 3, poolings: 2, kernelSize: 5 }],
    ['group U-Net', { architecture: 'group-unet', features: 2, outputs: 3, poolings: 1, kernelSize: 5 }],
  ] as const
).map(([name, spec]) => [name, modelSpec.parse(spec)]);

/** Logits, the gradient of every variable, labels, and the losses of four steps of training; tensors left behind by the last. */
function computed(spec: ModelSpec): { values: Map<string, ArrayLike<number>>; left: number } {
  const network = buildNetwork(spec, 5);
  const adam = new Adam(network.variables, () => 1e-3);
  const values = new Map<string, ArrayLike<number>>();
  let left = 0;
  try {
    const image = () => tensor5d(Float32Array.from(randomArray('image', side ** 3).data), [1, side, side, side, 1]);
    tidy(() => {
      const weights = tensor5d(Float32Array.from(randomArray('weights', side ** 3 * 3).data), [1, side, side, side, 3]);
      const { grads } = variableGrads(() => sum(mul(network.logits(image()), weights)) as Scalar, [...network.variables.values()]);
      values.set('logits', network.logits(image()).dataSync());
      values.set('labels', argMaxChannels(network.logits(image())).dataSync());
      for (const [name, value] of network.variables) values.set(`gradient of ${name}`, grads[value.name]!.dataSync());
    });
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) {
      const before = memory().numTensors;
      tidy(() => {
        const labels = tensor4d(Int32Array.from(randomLabels('labels', 3, side ** 3).data), [1, side, side, side], 'int32');
        const { value, grads } = variableGrads(() => segmentationLoss(network.logits(image()), labels, { dice: true }) as Scalar, [...network.variables.values()]);
        adam.apply(grads);
        losses.push(value.dataSync()[0]!);
      });
      left = memory().numTensors - before;
    }
    values.set('losses', losses);
    return { values, left };
  } finally {
    adam.dispose();
    network.dispose();
  }
}

describe.each(specs)('the %s on TensorFlow', (_, spec) => {
  let wasm: ReturnType<typeof computed>;
  let tensorflow: ReturnType<typeof computed>;
  beforeAll(async () => {
    const first = await chooseBackend('wasm');
    wasm = computed(spec);
    await first.dispose();
    const second = await chooseBackend('tensorflow');
    expect(second.refusal).toBeUndefined();
    expect(second.name).toBe('tensorflow');
    tensorflow = computed(spec);
    await second.dispose();
  });
  const errors = (kind: RegExp): [string, number][] => [...wasm.values].filter(([name]) => kind.test(name)).map(([name, values]) => [name, relativeError(tensorflow.values.get(name)!, values)]);

  it('predicts as on wasm, to 1e-4', () => {
    expect(errors(/^logits/).every(([, error]) => error < 1e-4)).toBe(true);
    const [expected, labels] = [wasm.values.get('labels')!, tensorflow.values.get('labels')!];
    // rounding may decide where two logits are equal to its precision
    expect(Array.from(labels).filter((label, v) => label !== expected[v]).length).toBeLessThan(side ** 3 / 1000);
  });
  it('has the gradients of wasm, to 1e-4', () => expect(errors(/^gradient/).filter(([, error]) => !(error < 1e-4))).toEqual([]));
  // Losses rather than weights: Adam's first steps are the sign of a gradient whatever its size, and where that is rounding the step is a toss-up between backends.
  it('trains as on wasm: the losses of four steps, to 1e-4, which fall', () => {
    expect(errors(/^losses/).filter(([, error]) => !(error < 1e-4))).toEqual([]);
    const losses = Array.from(tensorflow.values.get('losses')!);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });
  it('leaves no tensor behind', () => expect(tensorflow.left).toBe(0));
});
