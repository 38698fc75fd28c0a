/** @file Runs a project of the tests and counts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

/** @param {string} project of vitest.config.ts @param {string} binary the Node that runs it @param {string[]} files parts of paths; all where there are none */
export async function vitest(project, binary = process.execPath, files = []) {
  const folder = mkdtempSync(join(tmpdir(), 'gyra-test-'));
  const report = join(folder, `${project}.json`);
  const code = await run(binary, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that cannot be loaded fails the run without a failed test.
    return { passed: numPassedTests, failed: numFailedTests || (code === 0 ? 0 : 1), skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
