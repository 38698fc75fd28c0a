import { Worker } from 'node:worker_threads';
import { engine, memory, setBackend, tensor, tidy, variable, type NamedAttrMap, type Tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { operatorExamples, type ExampleInput } from '../../../engine/backends/operator-examples';
import { registerKernels } from '../../../engine/backends/tensorflow/kernels/table';
import { kernelNameOf, type OperatorName } from '../../../engine/ops/operators';
import type { NumberArray } from '../../../engine/ops/reference/reference';
import { references } from '../../../engine/ops/reference/references';
import { relativeError } from '../../support/relative-error';

// The kernels are composed of tfjs's own operations: here on its plain backend, without TensorFlow.
const cancel = new Int32Array(new SharedArrayBuffer(8));
beforeAll(async () => {
  registerKernels('cpu', cancel);
  await setBackend('cpu');
});

type AnyExample = { inputs: Record<string, ExampleInput>; attributes: object };
type AnyReference = (inputs: Record<string, NumberArray>, attributes: object) => Record<string, NumberArray>;
const examples = Object.entries(operatorExamples()).flatMap(([name, all]) => (all as readonly AnyExample[]).map((example, n) => [`${name} ${n + 1}`, name as OperatorName, example] as const));

const run = (name: OperatorName, { inputs, attributes }: AnyExample): { shape: number[]; data: ArrayLike<number> }[] => {
  const tensors = Object.fromEntries(Object.entries(inputs).map(([key, { shape, data }]): [string, Tensor] => [key, tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32')]));
  const inPlace = name === 'AdamStep';
  if (inPlace) for (const key of Object.keys(tensors)) tensors[key] = variable(tensors[key]!, false);
  const outputs = engine().runKernel(kernelNameOf(name), tensors, attributes as NamedAttrMap) as unknown as Tensor[];
  const results = (inPlace ? Object.values(tensors) : outputs).map((t) => ({ shape: t.shape, data: t.dataSync() }));
  if (inPlace) for (const one of Object.values(tensors)) one.dispose();
  return results;
};

describe.each(examples)('%s', (_, name, example) => {
  it('equals its reference to 1e-5', () => {
    const arrays = Object.fromEntries(Object.entries(example.inputs).map(([key, { shape, data }]) => [key, { shape, data: Float64Array.from(data) }]));
    const outputs = (references[name] as unknown as AnyReference)(arrays, example.attributes);
    const expected = Object.values(name === 'AdamStep' ? arrays : outputs);
    const actual = tidyRun(name, example);
    expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => [...shape]));
    expected.forEach(({ data }, n) => expect(relativeError(actual[n]!.data, data)).toBeLessThan(1e-5));
  });
  it('leaves nothing behind but its constants', () => {
    tidyRun(name, example);
    const before = memory().numTensors;
    tidyRun(name, example);
    expect(memory().numTensors).toBe(before);
  });
});

describe('work that is to wait or to end', () => {
  const oneOperator = () => tidyRun('Sum', examples.find(([, name]) => name === 'Sum')![2]);
  it('ends with `cancelled` before the next operator', () => {
    cancel[0] = 1;
    expect(oneOperator).toThrow('cancelled');
    cancel[0] = 0;
    expect(oneOperator).not.toThrow();
  });
  it('waits before an operator while it is paused', () => {
    const released = new Int32Array(new SharedArrayBuffer(4));
    cancel[1] = 1;
    new Worker('const { cancel, released } = require("worker_threads").workerData; released[0] = 1; Atomics.store(cancel, 1, 0); Atomics.notify(cancel, 1);', { eval: true, workerData: { cancel, released } });
    oneOperator();
    expect(released[0]).toBe(1);
  });
});

function tidyRun(name: OperatorName, example: AnyExample): ReturnType<typeof run> {
  let results: ReturnType<typeof run> = [];
  // not returned from tidy, which would search the arrays for tensors
  tidy(() => void (results = run(name, example)));
  return results;
}
