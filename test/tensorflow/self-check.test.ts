import { expect, it } from 'vitest';
import { startBackend, tensorflowFolder } from '../../engine/backends/choose';
import { runExamples } from '../../engine/backends/run-examples';
import { startTensorflow } from '../../engine/backends/tensorflow/start';

it('TensorFlow loads, and every operator agrees with wasm to 1e-5', async () => {
  const wasm = await startBackend();
  const expected = runExamples();
  await wasm.dispose();
  const { selfCheck, dispose } = await startTensorflow(tensorflowFolder, { threads: 2 }, expected);
  expect(selfCheck.error).toBeLessThan(1e-5);
  dispose();
});
