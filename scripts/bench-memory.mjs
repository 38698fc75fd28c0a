/**
 * @file `npm run bench:memory`: one training step of the paper's two networks on 128^3 voxels of four contrasts, each in a process of its own, beside the bar of 4.0 GiB and what
 * `gyra cost` predicts. Some minutes; `-- --patch 64` or `-- --only unet` is quicker. Never part of the tests, which hold the prediction to 10 % on small volumes.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endWith, root, SetupError } from './setup.mjs';

const barBytes = 4 * 2 ** 30;
const inputs = { inputs: 4, outputs: 4, poolings: 3, kernelSize: 5 };
const networks = [
  { what: 'steerable 8x0e+4x1e+2x2e', model: { architecture: 'steerable-unet', irreps: '8x0e+4x1e+2x2e', ...inputs } },
  { what: 'ordinary, 30 features', model: { architecture: 'unet', features: 30, ...inputs } },
];

const inGiB = (bytes) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
const print = ({ what, patch, peakResidentBytes, highWaterBytes, predictedBytes, seconds }) =>
  console.log(`${what}, ${patch}^3: process ${inGiB(peakResidentBytes)} at most (bar ${inGiB(barBytes)}: ${peakResidentBytes < barBytes ? 'met' : 'missed'}); heap ${inGiB(highWaterBytes)}, predicted ${inGiB(predictedBytes)} (${((100 * predictedBytes) / highWaterBytes - 100).toFixed(1)} %); ${seconds.toFixed(0)} s`);

try {
  const { values } = parseArgs({ options: { patch: { type: 'string', default: '128' }, threads: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean', default: false } } });
  const chosen = networks.filter(({ model }) => !values.only || model.architecture === values.only);
  if (!chosen.length) throw new SetupError(`No network is called ${values.only}.`, `Choose among ${networks.map(({ model }) => model.architecture).join(', ')}.`);
  // here, not in the processes that are measured
  const { log } = console;
  console.log = console.error;
  await (await import('./build.mjs')).buildWhenStale();
  console.log = log;
  const rows = [];
  for (const { what, model } of chosen) {
    const args = [join(root, 'scripts', 'gyra.mjs'), 'cost', 'paper-tumour', '--set', `model=${JSON.stringify(model)}`, '--patch', values.patch, '--measure', '--json', ...(values.threads ? ['--threads', values.threads] : [])];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) throw new SetupError(`The step of the network ${what} ended with code ${status}.`, 'Close other programs, or give a smaller --patch.');
    const { measured, highWaterBytes, memoryBytes } = JSON.parse(stdout);
    rows.push({ what, patch: Number(values.patch), predictedBytes: highWaterBytes, predictedMemoryBytes: memoryBytes, ...measured });
    if (!values.json) print(rows.at(-1));
  }
  if (values.json) console.log(JSON.stringify({ barBytes, rows }));
} catch (error) {
  endWith(error);
}
