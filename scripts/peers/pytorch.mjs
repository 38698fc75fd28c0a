/** @file PyTorch with e3nn in an environment of its own, .gyra/pytorch (5 GB), as a process that times one row at a time. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root, SetupError } from '../setup.mjs';

const packages = ['torch==2.13.0', 'e3nn==0.6.0'];
const folder = join(root, '.gyra', 'pytorch');
const python = join(folder, 'python', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

function run(command, args, what) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new SetupError(`${what} failed.`, 'Check that Python 3.10 or later with venv is installed and that packages can be fetched, then run the same command again.');
}

/** Written last, so that an interrupted install does not count. */
const ready = join(folder, 'ready');

export function setUpPytorch() {
  if (existsSync(ready) && readFileSync(ready, 'utf8') === packages.join('\n')) return;
  mkdirSync(folder, { recursive: true });
  console.error('Installing PyTorch and e3nn (5 GB) into .gyra/pytorch …');
  run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', join(folder, 'python')], 'Making the Python environment');
  run(python, ['-m', 'pip', 'install', '--quiet', ...packages], 'Installing PyTorch');
  writeFileSync(ready, packages.join('\n'));
}

/** Resolves to its settings and a function that runs a row once: { ms, layout }. */
export async function startPytorch(threads) {
  const child = spawn(python, [join(root, 'scripts', 'peers', 'peers.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GYRA_PEER_THREADS: String(threads) } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new SetupError('PyTorch ended early.', 'Its messages are above; delete .gyra/pytorch to install it again.');
    return JSON.parse(value);
  };
  return { settings: await next(), measure: (row) => (child.stdin.write(`${row}\n`), next()), end: () => child.stdin.end() };
}
