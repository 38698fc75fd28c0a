/** @file `npm test`: set-up, then types, lint, import rules, unit tests, application tests and the packing check; with --ci also what needs registries and minutes. Ends with the line `N passed, N failed`. */
import { join } from 'node:path';
import { node24 } from './node-24.mjs';
import { SetupError, root, run, setUp } from './setup.mjs';
import { testTensorflow } from './test-tensorflow.mjs';
import { vitest } from './vitest-project.mjs';

const tool = (...path) => join(root, 'node_modules', ...path);
const node = (...args) => run(process.execPath, args);

/** Each step says how many checks passed and failed; all but the vitest ones are one check. */
const steps = [
  { name: 'set-up', check: prepare, isEssential: true },
  { name: 'types', check: () => one(node(tool('typescript', 'bin', 'tsc'), '--noEmit')) },
  { name: 'lint', check: () => one(node(tool('eslint', 'bin', 'eslint.js'), '.')) },
  { name: 'import rules', check: () => one(node(tool('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', 'engine', 'electron', 'renderer')) },
  { name: 'unit tests', check: () => vitest('unit') },
  { name: 'engine under Node 24', check: underNode24 },
  { name: 'application tests', check: () => vitest('app') },
  { name: 'packing', check: () => one(node(join(root, 'scripts', 'packing-check.mjs'))) },
  ...(process.argv.includes('--ci') ? [{ name: 'TensorFlow', check: testTensorflow }] : []),
];

let passed = 0;
let failed = 0;
for (const { name, check, isEssential } of steps) {
  console.log(`\n== ${name}`);
  const begunMs = Date.now();
  const outcome = await check();
  passed += outcome.passed;
  failed += outcome.failed;
  const seconds = ((Date.now() - begunMs) / 1000).toFixed(1);
  console.log(`== ${name}: ${outcome.passed} passed, ${outcome.failed} failed${outcome.skipped ? `, ${outcome.skipped} skipped` : ''} (${seconds} s)`);
  if (isEssential && outcome.failed) break;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

async function one(exitCode) {
  return (await exitCode) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function prepare() {
  try {
    await setUp();
    const { chromiumRemedy, ensureChromium } = await import('./chromium.mjs');
    if (!(await ensureChromium())) throw new SetupError('The application tests need a Chromium browser, and none was found.', chromiumRemedy);
    // extra: without them the tests that compare with them say that they skip
    const { setUpPeers } = await import('./peers.mjs');
    await setUpPeers().catch((error) => console.log(error.message));
    return { passed: 1, failed: 0 };
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

/** The rooms of the engine again under the Node that Electron contains, whose WebAssembly has fused multiply-add. */
async function underNode24() {
  const binary = await node24();
  if (binary) return vitest('unit', binary, ['contract', 'math', 'ops', 'backends', 'model', 'data', 'training', 'evaluation', 'experiments', 'host'].map((room) => `test/${room}/`));
  console.log('skipped: the npm registry gave no Node 24 for this system');
  return { passed: 0, failed: 0, skipped: 1 };
}
