import { sum, tensor, tidy, variableGrads, type Scalar, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { stateOf, type Network, type TrainingStep } from '../../engine/model/network';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';

const spec = (fields: object) => modelSpec.parse({ architecture: 'steerable-unet', outputs: 2, poolings: 1, kernelSize: 3, irreps: '3x0e+2x1e', ...fields });
let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
});
afterAll(() => handle.dispose());

const image = (): Tensor5D => tensor(Float32Array.from(randomArray('image', 2, 8, 8, 8, 1).data), [2, 8, 8, 8, 1]);
const logits = (network: Network, training?: TrainingStep): Float32Array => tidy(() => network.logits(image(), training).dataSync<'float32'>());
const statistics = (network: Network) => [...network.statistics].map(([name, value]) => [name, Array.from(value.dataSync())] as const);

describe('dropout', () => {
  it('follows from seed and step in training, and is off in evaluation', () => {
    const [network, without] = [0.4, 0].map((dropout) => buildNetwork(spec({ dropout }), 1));
    const first = logits(network, { seed: 3, step: 7 });
    expect(logits(network, { seed: 3, step: 7 })).toEqual(first);
    for (const other of [{ seed: 3, step: 8 }, { seed: 4, step: 7 }]) expect(logits(network, other)).not.toEqual(first);
    expect(logits(network)).toEqual(logits(without));
    expect(logits(without, { seed: 3, step: 7 })).toEqual(logits(without));
  });
});

describe('batch norm', () => {
  const normalisation = { kind: 'batch' };
  it('has running statistics beside its variables, which count as no parameters and take no gradient', () => {
    const network = buildNetwork(spec({ normalisation }), 1);
    expect([...network.statistics.keys()].every((name) => /batchnorm\d\.running_(mean|var)$/.test(name))).toBe(true);
    expect(network.statistics.size).toBe(2 * 2 * 3);
    expect([...network.variables.keys()].some((name) => name.includes('running'))).toBe(false);
    tidy(() => {
      const { grads } = variableGrads(() => sum(network.logits(image(), { seed: 1, step: 1 })) as Scalar, [...stateOf(network).values()]);
      for (const [name, { name: key }] of stateOf(network)) expect(grads[key] !== null, name).toBe(network.variables.has(name));
    });
  });
  it.each(['root-mean-square', 'mean-norm'])('by %s: training moves the statistics by a tenth, evaluation leaves them and uses them', (by) => {
    const network = buildNetwork(spec({ normalisation: { kind: 'batch', by } }), 1);
    const start = statistics(network);
    const trained = logits(network, { seed: 1, step: 1 });
    const once = statistics(network);
    expect(once).not.toEqual(start);
    logits(network);
    expect(statistics(network)).toEqual(once);
    // with the batch's own statistics as the running ones, evaluation is what training was
    once.forEach(([name, values], i) => network.statistics.get(name)!.assign(tensor(values.map((value, j) => (value - 0.9 * start[i]![1][j]!) / 0.1))));
    expect(relativeError(logits(network), trained)).toBeLessThan(1e-4);
  });
  it('sees the batch as one: two images together are not two images apart', () => {
    const [batch, instance] = [buildNetwork(spec({ normalisation }), 1), buildNetwork(spec({}), 1)];
    expect(relativeError(logits(batch, { seed: 1, step: 1 }), logits(instance, { seed: 1, step: 1 }))).toBeGreaterThan(1e-3);
  });
});

it('leaves no tensor and no block of the heap behind in training', () => {
  const network = buildNetwork(spec({ dropout: 0.2, normalisation: { kind: 'batch', by: 'mean-norm' }, padding: 'front', pooling: 'low-pass' }), 1);
  logits(network, { seed: 1, step: 1 });
  const { heap } = handle.backend.machine;
  const before = [heap.blocks, handle.backend.numDataIds()];
  for (let step = 2; step < 6; step++) logits(network, { seed: 1, step });
  expect([heap.blocks, handle.backend.numDataIds()]).toEqual(before);
});
