/** @file `npm run breaks`: breaks a kernel in eight places, one at a time and in a copy, and looks whether a test fails each time. A suite that lets a broken kernel pass ends this with exit code 1. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, run } from './setup.mjs';

const kernels = 'engine/backends/wasm/kernels';
export const breaks = [
  { what: 'the adjoint of a steerable path without its sign', file: `${kernels}/steerable/couplings.ts`, from: 'return Math.sign(dot);', to: 'return 1;', test: 'test/backends/steerable-convolution.test.ts' },
  { what: 'a place of the Winograd transform moved', file: `${kernels}/convolution/line-transform.ts`, from: '[...finite.map((a) => a ** i), Number(i === outputs - 1)]', to: '[...finite.map((a) => a ** i), Number(i === outputs - 2)]', test: 'test/backends/convolution.test.ts' },
  { what: 'the ends of half a spectrum counted twice', file: `${kernels}/convolution/fourier/kernel-spectra.ts`, from: 'k === length / 2) ? 0.5 : 1;', to: 'k === length / 2) ? 1 : 1;', test: 'test/backends/fourier-convolution.test.ts' },
  { what: 'points of a steerable spectrum that stand for themselves alone counted twice', file: `${kernels}/steerable/fourier/point-products.ts`, from: 'I32.of(2).sub(isAlone)', to: 'I32.of(2).sub(isAlone.mul(0))', test: 'test/backends/steerable-fourier.test.ts' },
  { what: 'mirror images of a steerable spectrum without their signs along z', file: `${kernels}/steerable/fourier/reflection-signs.ts`, from: 'if (ofPart < 0)', to: 'if (ofPart < 0 && z === 0)', test: 'test/backends/steerable-fourier.test.ts' },
  { what: 'images at the ends of half a steerable spectrum left out altogether', file: `${kernels}/convolution/fourier/point-blocks.ts`, from: 'isImageToo: isEnd.and(block.lt(count))', to: 'isImageToo: isEnd.and(block.lt(0))', test: 'test/backends/steerable-fourier.test.ts' },
  { what: 'the second half of eight lanes made of the first', file: 'engine/backends/wasm/values.ts', from: 'of(...values.map((value) => value.high ?? value))', to: 'of(...values)', test: 'test/backends/eight-lanes.test.ts' },
  { what: 'an instance norm that forgets epsilon in its gradient', file: `${kernels}/norm/norm-coefficients.ts`, from: 'const s = 1 / Math.sqrt(squares[copy]! + epsilon);', to: 'const s = 1 / Math.sqrt(squares[copy]!);', test: 'test/backends/instance-norm.test.ts' },
];

/** Resolves to how many breaks no test found. */
async function missedBreaks() {
  const copy = mkdtempSync(join(tmpdir(), 'gyra-breaks-'));
  let missed = 0;
  try {
    for (const file of execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter((path) => /^(engine|test)\/|^[^/]+\.(json|ts)$/.test(path))) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      cpSync(join(root, file), join(copy, file));
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    // The first failing test is enough: shrinking and printing the others' large arrays takes minutes.
    const fails = async (...tests) => (await run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'unit', '--bail', '1', ...tests], { cwd: copy, stdio: 'ignore' })) !== 0;
    const tests = [...new Set(breaks.map(({ test }) => test))];
    if (await fails(...tests)) throw new Error(`one of these fails before anything is broken: ${tests.join(', ')}`);
    for (const { what, file, from, to, test } of breaks) {
      const path = join(copy, file);
      const whole = readFileSync(path, 'utf8');
      if (whole.split(from).length !== 2) throw new Error(`${file} no longer holds, just once: ${from}`);
      writeFileSync(path, whole.replace(from, to));
      const caught = await fails(test);
      writeFileSync(path, whole);
      console.log(`${caught ? 'caught' : 'MISSED'}: ${what} (${test})`);
      if (!caught) missed++;
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return missed;
}

if (import.meta.filename === process.argv[1]) process.exit((await missedBreaks()) ? 1 : 0);
