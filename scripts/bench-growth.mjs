/**
 * @file `npm run bench:growth`: how the time of a step grows with volume, width and threads, and what it is made of: the tables of docs/performance.md, printed as Markdown. About four minutes on two quiet cores.
 * `--only limits|volume|width|threads|profile` prints one of them.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endWith, root, SetupError } from './setup.mjs';

/** Rows of one process; --rows takes the row of this id, or those that contain the text. */
function measured(row, options = {}) {
  const { profile, ...counts } = options;
  const flags = Object.entries(counts).flatMap(([name, value]) => [`--${name}`, String(value)]);
  process.stderr.write(`${row} ${flags.join(' ')} ...\n`);
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts', 'gyra.mjs'), 'bench', '--rows', row, ...flags, ...(profile ? ['--profile'] : []), '--json'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new SetupError(`gyra bench --rows ${row} ${flags.join(' ')} failed.`, 'Run it by itself to see why.');
  return JSON.parse(stdout).rows;
}
const ms = (row, options) => measured(row, options)[0].ms;
const number = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function print(title, head, rows) {
  console.log(`\n### ${title}\n\n| ${head.join(' | ')} |\n|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

/** Products over channels the kernel makes at 48^3 for one of the definition: 27 tiles of 16^3 results, four for each of 11 x 20 x 20 points of half a spectrum (`fourier-plan.ts`). The transforms are not counted. */
const spectral = (27 * 11 * 20 * 20 * 4) / (48 ** 3 * 5 ** 3);

const tables = {
  limits: () => {
    const rows = measured('machine/');
    const rate = (id) => rows.find((row) => row.id === id)?.rate.perSecond ?? 0;
    const most = Math.max(rate('machine/multiply-adds'), rate('machine/fused-multiply-adds'));
    print('The machine', ['what', 'a second'], rows.map(({ id, rate: { perSecond, unit } }) => [`\`${id}\``, `${number(perSecond / 1e9)} G ${unit}`]));
    const kernels = (rows) => rows.map((row) => ({ row, ...measured(row, row.startsWith('conv') ? { size: 48, width: 30 } : {})[0] }));
    print('How close the kernels come: arithmetic', ['row', 'ms', 'G multiply-adds a second, as computed', 'of the limit'], kernels(['conv/forward', 'conv/backward', 'steerable-conv/forward', 'steerable-conv/backward', 'depthwise/forward']).map(({ row, ms: time, what, rate: of }) => {
      const computed = (of.perSecond * (row.startsWith('conv') ? spectral : 1)) / 1e9;
      return [`\`${row}\`: ${what}`, number(time), number(computed), `${Math.round((100 * computed * 1e9) / most)} %`];
    }));
    print('How close the kernels come: memory', ['row', 'ms', 'GB a second, every tensor once', 'of a copy'], kernels(['norm-gate/forward', 'norm-gate/backward', 'pool/forward', 'upsample/forward']).map(({ row, ms: time, what, rate: of }) =>
      [`\`${row}\`: ${what}`, number(time), number(of.perSecond / 1e9), `${Math.round((100 * of.perSecond) / rate('machine/copy'))} %`]));
  },
  volume: () => {
    const sides = [16, 32, 48, 64];
    const rows = ['steerable-unet/step', 'unet/step', 'unet/predict'];
    print('Volume', ['side', ...rows.map((row) => `\`${row}\` ms (µs a voxel)`)], sides.map((size) => [`${size}^3`, ...rows.map((row) => ms(row, { size, repeats: 2 })).map((time) => `${number(time)} (${number((1000 * time) / size ** 3)})`)]));
  },
  width: () => {
    print('Width, one step at 32^3', ['steerable', 'ms'], [4, 8, 16, 32].map((width) => [`${width}x0e+${width / 2}x1e+${width / 4}x2e`, number(ms('steerable-unet/step', { size: 32, width, repeats: 2 }))]));
    print('Width, one step at 32^3', ['ordinary', 'ms'], [8, 15, 30, 60].map((width) => [`${width} features`, number(ms('unet/step', { size: 32, width, repeats: 2 }))]));
  },
  threads: () => {
    const counts = [1, 2, 4, 8, 16].filter((count) => count <= availableParallelism());
    const rows = ['steerable-conv/forward', 'steerable-conv/backward', 'conv/forward', 'steerable-unet/step', 'unet/predict'];
    print('Threads, ms', ['row', ...counts.map(String)], rows.map((row) => [`\`${row}\``, ...counts.map((threads) => number(ms(row, { threads, repeats: 2 })))]));
  },
  profile: () => {
    for (const row of ['steerable-unet/step', 'unet/step', 'group-unet/step', 'live/48-full']) {
      const [{ operators, what }] = measured(row, { profile: true, repeats: 1 });
      const whole = operators.reduce((sum, one) => sum + one.ms, 0);
      print(`\`${row}\`: ${what}`, ['operator', 'calls', 'ms', 'share'], operators.filter((one) => one.ms > 0.01 * whole).map((one) => [one.operator, one.calls, number(one.ms), `${Math.round((100 * one.ms) / whole)} %`]));
    }
  },
};

function main() {
  const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
  const chosen = Object.keys(tables).filter((name) => !only || name === only);
  if (!chosen.length) throw new SetupError(`No table is called ${only}.`, `Choose among ${Object.keys(tables).join(', ')}.`);
  console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.version}, load ${loadavg()[0].toFixed(1)} at the start, ${new Date().toISOString().slice(0, 10)}`);
  for (const name of chosen) tables[name]();
}

try {
  main();
} catch (error) {
  endWith(error);
}
