/** @file Starts the TensorFlow backend, after every operator has been compared with wasm. */
import { getKernelsForBackend, removeBackend, setBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import { GyraError } from '../../contract/problem';
import { largestError, runExamples, type ExampleOutputs, type LargestError } from '../run-examples';
import { backendName, loadAddon, type LoadedAddon } from './addon';
import { registerKernels } from './kernels/table';

/** Largest error over largest value an operator may differ from wasm by. */
export const selfCheckTolerance = 1e-4;

export interface TensorflowHandle extends LoadedAddon {
  readonly selfCheck: LargestError;
  dispose(): void;
}

/**
 * Makes TensorFlow the backend tfjs uses in this thread.
 * @param expected the operators' examples on wasm
 * @throws GyraError where it is not installed, does not load, or computes something else than wasm
 */
export async function startTensorflow(folder: string, { threads, cancel }: { threads: number; cancel?: Int32Array }, expected: ExampleOutputs): Promise<TensorflowHandle> {
  const loaded = loadAddon(folder, threads);
  registerKernels(backendName, cancel);
  const dispose = (): void => {
    for (const { kernelName } of getKernelsForBackend(backendName)) if (kernelName.startsWith('Gyra')) unregisterKernel(kernelName, backendName);
    removeBackend(backendName);
  };
  try {
    if (!(await setBackend(backendName))) throw new GyraError('internal', 'The TensorFlow backend did not start; its own message is above.', 'Run `npm run setup:tensorflow -- --remove`, then the set-up again.');
    const selfCheck = largestError(runExamples(), expected);
    if (!(selfCheck.error <= selfCheckTolerance)) throw new GyraError('internal', `TensorFlow ${loaded.version} differs from wasm by ${selfCheck.error.toExponential(1)} in ${selfCheck.operator}.`, 'Report this with what `gyra doctor` prints.');
    return { ...loaded, selfCheck, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
