/** @file `npm run test:tensorflow`: builds TensorFlow as a user would, then compares every operator and every kind of network with wasm. Ends with the line `N passed, N failed`. */
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';
import { setUpTensorflow } from './setup-tensorflow.mjs';
import { NetworkError } from './tensorflow/tools.mjs';
import { vitest } from './vitest-project.mjs';

/** @returns how many checks passed, failed and were skipped: all of them where PyPI or npm cannot be reached, none where the build fails */
export async function testTensorflow() {
  try {
    await setUpTensorflow('cpu');
  } catch (error) {
    console.error(error.message);
    if (!(error instanceof NetworkError)) return { passed: 0, failed: 1 };
    console.error('TensorFlow was not tested: its registry cannot be reached.');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const { passed, failed, skipped } = await vitest('tensorflow');
  return { passed: passed + 1, failed, skipped };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setUp();
  const { passed, failed, skipped } = await testTensorflow();
  if (skipped) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
