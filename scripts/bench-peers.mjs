/** @file `npm run bench:peers`: our rows and PyTorch's with e3nn in turn, on the same threads, in one run. Installs PyTorch into .gyra/peers (gigabytes) the first time; never part of the tests. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWith, root, SetupError } from './setup.mjs';

const packages = ['torch==2.13.0', 'e3nn==0.6.0'];
const folder = join(root, '.gyra', 'peers');
const python = join(folder, 'python', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const rounds = 3;
/** Our row, the peer's, and at least how many times faster ours shall be (issue 4, section 3). */
const comparisons = [
  { ours: 'steerable-conv/forward', peer: 'steerable-conv/forward', bar: 8 },
  { ours: 'steerable-conv/backward', peer: 'steerable-conv/backward', bar: 9 },
  { ours: 'steerable-unet/step', peer: 'steerable-unet/step', bar: 10 },
  { ours: 'steerable-unet/step', peer: 'unet/step', bar: 6 },
  { ours: 'unet/step', peer: 'unet/step', bar: 1.5 },
  { ours: 'unet/predict', peer: 'unet/predict', bar: 2 },
];

function run(command, args, what) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new SetupError(`${what} failed.`, 'Check that Python 3.10 or later with venv is installed and that packages can be fetched, then run the same command again.');
}

function setUp() {
  if (existsSync(join(folder, 'ready'))) return;
  mkdirSync(folder, { recursive: true });
  console.log('Installing PyTorch and e3nn (gigabytes) into .gyra/peers …');
  run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', join(folder, 'python')], 'Making the Python environment');
  run(python, ['-m', 'pip', 'install', '--quiet', ...packages], 'Installing PyTorch');
  writeFileSync(join(folder, 'ready'), packages.join('\n'));
}

/** The peers' process: asks for a row, gets its time. Its idle threads sleep, so that they do not slow ours. */
function startPeers(threads) {
  const child = spawn(python, [join(root, 'scripts', 'peers', 'peers.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GYRA_PEER_THREADS: String(threads), OMP_WAIT_POLICY: 'PASSIVE', KMP_BLOCKTIME: '0' } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new SetupError('The peers ended early.', 'Its messages are above; delete .gyra/peers to install it again.');
    return JSON.parse(value);
  };
  return {
    next,
    measure: (row) => (child.stdin.write(`${row}\n`), next()),
    end: () => child.stdin.end(),
  };
}

function ours(row, threads) {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts', 'gyra.mjs'), 'bench', '--rows', row, '--threads', String(threads), '--json'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`gyra bench --rows ${row} failed.`, 'Its message is above.');
  const { rows, kernelVariant } = JSON.parse(stdout);
  return { ms: rows.find(({ id }) => id === row).ms, kernelVariant };
}

async function main() {
  setUp();
  const threads = availableParallelism();
  const peers = startPeers(threads);
  const settings = await peers.next();
  const best = { ours: {}, peer: {} };
  const keep = (side, row, ms) => (best[side][row] = Math.min(best[side][row] ?? Infinity, ms));
  const rows = [...new Set(comparisons.flatMap(({ ours, peer }) => [ours, peer]))];
  const layouts = {};
  let kernelVariant = '';
  for (const row of rows)
    for (let round = 0; round < rounds; round++) {
      console.error(`${row}, round ${round + 1} of ${rounds}`);
      const mine = ours(row, threads);
      kernelVariant = mine.kernelVariant;
      keep('ours', row, mine.ms);
      const theirs = await peers.measure(row);
      layouts[row] = theirs.layout;
      keep('peer', row, theirs.ms);
    }
  peers.end();
  const table = comparisons.map(({ ours, peer, bar }) => ({ ours, peer, oursMs: best.ours[ours], peerMs: best.peer[peer], ratio: best.peer[peer] / best.ours[ours], bar, layout: layouts[peer] }));
  const result = { date: new Date().toISOString(), machine: cpus()[0]?.model.trim(), threads, load: loadavg()[0], node: process.version, kernelVariant, peers: settings, table };
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  console.log(`${result.machine}, ${threads} threads, ${kernelVariant} SIMD; PyTorch ${settings.torch} (${settings.cpu}); load ${result.load.toFixed(1)}`);
  for (const { ours, peer, oursMs, peerMs, ratio, bar, layout } of table)
    console.log(`${ours.padEnd(24)} ${oursMs.toFixed(1).padStart(9)} ms   PyTorch ${peer.padEnd(24)} ${peerMs.toFixed(1).padStart(9)} ms (${layout})   ${ratio.toFixed(2)} times faster, at least ${bar} wanted`);
  console.log('Written to .gyra/peers/result.json');
}

main().catch(endWith);
