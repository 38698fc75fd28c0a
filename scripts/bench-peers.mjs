/**
 * @file `npm run bench:peers`: our rows in turn with PyTorch's and onnxruntime's, on the same threads, in one run, beside the bars of docs/performance.md. About eight minutes on two quiet cores; the first time it installs PyTorch.
 * Ours run in the Node that Electron 45 contains (eight lanes; an Electron window has four); `--node own` takes the Node that runs this script. Every finished row is kept: an interrupted run goes on where it stopped. Never part of the
 * tests.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startOnnxruntime } from './peers/onnxruntime.mjs';
import { setUpPytorch, startPytorch } from './peers/pytorch.mjs';
import { node24 } from './node-24.mjs';
import { endWith, root, SetupError } from './setup.mjs';

const resultFile = join(root, '.gyra', 'bench-peers.json');
/** Times a peer is measured in a round; ours has at least as many in each, and a process of its own. */
const peerRepeats = 3;
/** What is measured: our row, and the peers it takes turns with. */
const measurements = [
  { row: 'steerable-conv/forward', peers: ['pytorch'] },
  { row: 'steerable-conv/backward', peers: ['pytorch'] },
  { row: 'conv/forward', peers: ['pytorch', 'onnxruntime'] },
  { row: 'conv/backward', peers: ['pytorch'] },
  { row: 'unet/predict', peers: ['pytorch'] },
  { row: 'unet/step', peers: ['pytorch'] },
  { row: 'steerable-unet/step', peers: ['pytorch'] },
  { row: 'group-unet/step', peers: [] },
  ...['live/48', 'live/48-full', 'engine/ready', 'network/built'].map((row) => ({ row, peers: [] })),
];
/** How many times faster ours is than what stands under `than`, and how many times it shall be at least; without `bar`, only shown. */
const ratios = [
  { ours: 'steerable-conv/forward', than: 'pytorch steerable-conv/forward', bar: 8 },
  { ours: 'steerable-conv/backward', than: 'pytorch steerable-conv/backward', bar: 9 },
  { ours: 'steerable-conv/forward', than: 'onnxruntime conv/forward' },
  { ours: 'conv/forward', than: 'pytorch conv/forward' },
  { ours: 'conv/forward', than: 'onnxruntime conv/forward' },
  { ours: 'conv/backward', than: 'pytorch conv/backward' },
  { ours: 'steerable-unet/step', than: 'pytorch steerable-unet/step', bar: 10 },
  { ours: 'steerable-unet/step', than: 'pytorch unet/step', bar: 6 },
  { ours: 'steerable-unet/step', than: 'ours unet/step', bar: 1 / 0.6 },
  { ours: 'unet/step', than: 'pytorch unet/step', bar: 1.5 },
  { ours: 'unet/predict', than: 'pytorch unet/predict', bar: 2 },
];
/** Milliseconds at most. */
const limits = [
  { ours: 'live/48', bar: 1000 / 8 },
  { ours: 'live/48-full', bar: 1000 / 2.5 },
  { ours: 'engine/ready', bar: 1000 },
  { ours: 'network/built', bar: 300 },
];

function readOptions() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, rounds: { type: 'string', default: '3' }, threads: { type: 'string', default: String(availableParallelism()) }, node: { type: 'string', default: 'electron' }, again: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
  const [rounds, threads] = [values.rounds, values.threads].map(Number);
  if (![rounds, threads].every((count) => Number.isInteger(count) && count > 0)) throw new SetupError('--rounds and --threads take a whole number from 1.', 'For instance: npm run bench:peers -- --rounds 3');
  if (!['electron', 'own'].includes(values.node)) throw new SetupError('--node takes electron or own.', 'Leave it out for the Node that Electron contains.');
  const chosen = measurements.filter(({ row }) => !values.only || row === values.only);
  if (!chosen.length) throw new SetupError(`No row is called ${values.only}.`, `Choose among ${measurements.map(({ row }) => row).join(', ')}.`);
  return { ...values, rounds, threads, chosen };
}

/** Our row in a process of its own: least milliseconds, or the median where a person would feel it. */
function ours(row, threads, node) {
  const { status, stdout } = spawnSync(node, [join(root, 'scripts', 'gyra.mjs'), 'bench', '--rows', row, '--threads', String(threads), '--json'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`gyra bench --rows ${row} failed.`, 'Its message is above.');
  const { rows, kernelVariant } = JSON.parse(stdout);
  const { ms, figure } = rows.find(({ id }) => id === row);
  return { ms, figure, kernelVariant };
}

/** Path of the Node that computes our rows. */
async function nodeFor(choice) {
  const binary = choice === 'own' ? process.execPath : await node24();
  if (!binary) throw new SetupError('The Node that Electron contains could not be fetched from the npm registry.', 'Check the connection, or measure with the Node you have: --node own.');
  return binary;
}
const versionOf = (node) => spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();

/** Conditions that rows of one run share. */
const conditionsOf = (threads, node) => ({ machine: cpus()[0]?.model.trim() ?? '', threads, node: versionOf(node) });

/** The unfinished run under the same conditions, or a new one. */
function openRun(conditions, { again, only }) {
  const fresh = { ...conditions, begun: new Date().toISOString(), rows: {} };
  if (!existsSync(resultFile)) return fresh;
  const kept = JSON.parse(readFileSync(resultFile, 'utf8'));
  const same = Object.entries(conditions).every(([key, value]) => kept[key] === value);
  const finished = measurements.every(({ row }) => kept.rows[row]);
  return same && (only || (!again && !finished)) ? kept : fresh;
}
function save(result) {
  mkdirSync(dirname(resultFile), { recursive: true });
  writeFileSync(`${resultFile}.part`, `${JSON.stringify(result, null, 2)}\n`);
  renameSync(`${resultFile}.part`, resultFile);
}

/** Milliseconds by what was measured: "ours ROW", "pytorch ROW", "onnxruntime ROW". */
const timesOf = ({ rows }) => Object.fromEntries(Object.entries(rows).flatMap(([row, { times }]) => Object.entries(times).map(([who, ms]) => [`${who} ${row}`, ms])));

function table(result) {
  const times = timesOf(result);
  const compared = ratios.map(({ ours, than, bar }) => ({ row: ours, than, ms: times[`ours ${ours}`], thanMs: times[than], ratio: times[than] / times[`ours ${ours}`], bar })).filter(({ ratio }) => Number.isFinite(ratio));
  const single = limits.map(({ ours, bar }) => ({ row: ours, ms: times[`ours ${ours}`], bar })).filter(({ ms }) => ms !== undefined);
  return { compared, single };
}
const verdict = (reached) => (reached ? 'reached' : 'missed');

function print(result) {
  const { compared, single } = table(result);
  const ms = (value) => `${value.toFixed(1).padStart(9)} ms`;
  console.log(`${result.machine}, ${result.threads} threads, Node ${result.node}, ${result.kernelVariant} SIMD; PyTorch ${result.pytorch?.torch} (${result.pytorch?.cpu}); onnxruntime ${result.onnxruntime ?? 'not installed (npm run setup:peers)'}; begun ${result.begun}`);
  for (const { row, than, ms: own, thanMs, ratio, bar } of compared) console.log(`${row.padEnd(24)}${ms(own)}   ${than.padEnd(32)}${ms(thanMs)}   ${ratio.toFixed(2).padStart(6)} times faster${bar ? `, at least ${Number(bar.toFixed(2))}: ${verdict(ratio >= bar)}` : ''}`);
  for (const { row, ms: own, bar } of single) console.log(`${row.padEnd(24)}${ms(own)}   ${(1000 / own).toFixed(1)} a second; at most ${bar} ms: ${verdict(own <= bar)}`);
  for (const [row, { load, rounds, layout }] of Object.entries(result.rows)) console.log(`  ${row}: load ${load.toFixed(1)} at the end, least of ${rounds}${layout ? `, PyTorch ${layout}` : ''}`);
}

async function main() {
  const options = readOptions();
  const { threads, rounds, chosen } = options;
  const node = await nodeFor(options.node);
  const result = openRun(conditionsOf(threads, node), options);
  const wanted = chosen.filter(({ row }) => options.only || !result.rows[row]);
  if (wanted.some(({ peers }) => peers.includes('pytorch'))) setUpPytorch();
  const pytorch = wanted.some(({ peers }) => peers.includes('pytorch')) ? await startPytorch(threads) : undefined;
  const onnxruntime = wanted.some(({ peers }) => peers.includes('onnxruntime')) ? await startOnnxruntime(threads) : undefined;
  const running = { pytorch, onnxruntime };
  try {
    if (pytorch) result.pytorch = pytorch.settings;
    if (onnxruntime) result.onnxruntime = onnxruntime.version;
    for (const { row, peers } of wanted) {
      const times = {};
      let layout;
      for (let round = 0; round < rounds; round++) {
        const begun = performance.now();
        const keep = (who, ms) => (times[who] = Math.min(times[who] ?? Infinity, ms));
        const mine = ours(row, threads, node);
        result.kernelVariant = mine.kernelVariant;
        keep('ours', mine.ms);
        for (const peer of peers.filter((name) => running[name])) {
          for (let repeat = 0; repeat < peerRepeats; repeat++) {
            const theirs = await running[peer].measure(row);
            if (peer === 'pytorch') layout = theirs.layout;
            keep(peer, theirs.ms);
          }
        }
        console.error(`${row}, round ${round + 1} of ${rounds}: ${((performance.now() - begun) / 1000).toFixed(0)} s; ${Object.entries(times).map(([who, ms]) => `${who} ${ms.toFixed(1)} ms`).join(', ')}`);
      }
      result.rows[row] = { times, layout, rounds, load: loadavg()[0], measured: new Date().toISOString() };
      save(result);
    }
  } finally {
    for (const peer of Object.values(running)) await peer?.end();
  }
  save({ ...result, table: table(result) });
  if (options.json) console.log(JSON.stringify({ ...result, table: table(result) }));
  else print(result);
}

await main().catch(endWith);
