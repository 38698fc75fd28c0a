/** @file `gyra bench`: how long the engine takes on this machine. Times on a shared machine are noisy: compare within one run. */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { BackendName } from '../../backends/choose';
import { badInput } from '../../contract/problem';
import { backendOption, startChosenBackend } from '../backend-option';
import { benchRows, type BenchRow } from '../bench-rows';
import { parseCount } from '../option-parsers';

interface Options {
  threads?: number;
  backend: BackendName;
  rows?: string;
  json?: boolean;
}
interface Measured {
  readonly id: string;
  /** The row's figure in milliseconds: least, or median. */
  readonly ms: number;
  readonly figure: BenchRow['figure'];
  readonly minimum: number;
  readonly median: number;
  readonly repeats: number;
  readonly perSecond: number;
  readonly what: string;
}

export function register(program: Command): void {
  program
    .command('bench')
    .description('measure the speed of the engine')
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--rows <text>', 'only rows whose id contains this')
    .option('--json', 'print one JSON document')
    .action(run);
}

/** Measured once, at the start of this process. */
const startRow = 'engine/ready';

async function run({ threads, rows = '', backend: name, json }: Options): Promise<void> {
  const all = benchRows(fileURLToPath(new URL('../../assets/models/hippocampus-steerable', import.meta.url)));
  const chosen = all.filter(({ id }) => id.includes(rows));
  if (!chosen.length && !startRow.includes(rows)) throw badInput(`No row of the benchmark contains "${rows}".`, `Choose among ${[startRow, ...all.map(({ id }) => id)].join(', ')}.`);
  const begun = performance.now();
  const backend = await startChosenBackend(name, { threads });
  const startMs = performance.now() - begun;
  try {
    const measured: Measured[] = startRow.includes(rows)
      ? [{ id: startRow, ms: startMs, figure: 'minimum', minimum: startMs, median: startMs, repeats: 1, perSecond: 1000 / startMs, what: 'threads started and checked, kernels compiled' }]
      : [];
    for (const row of chosen) {
      process.stderr.write(`${row.id} ...\n`);
      measured.push(await measure(row));
    }
    const result = { backend: backend.name, threads: backend.threads, kernelVariant: backend.kernelVariant, rows: measured };
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${backend.name} ${backend.kernelVariant}, ${backend.threads} threads\n${measured.map(({ id, ms, figure, repeats, what }) => `${id.padEnd(24)} ${ms.toFixed(1).padStart(9)} ms  ${figure} of ${repeats}: ${what}\n`).join('')}`);
  } finally {
    await backend.dispose();
  }
}

async function measure({ id, what, repeats, figure, prepare }: BenchRow): Promise<Measured> {
  const { run, dispose } = await prepare();
  try {
    run(0); // compiles, grows the heap
    const times = Array.from({ length: repeats }, (_, turn) => {
      const start = performance.now();
      run(turn + 1);
      return performance.now() - start;
    }).sort((a, b) => a - b);
    const minimum = times[0]!;
    const median = (times[(repeats - 1) >> 1]! + times[repeats >> 1]!) / 2;
    const ms = figure === 'minimum' ? minimum : median;
    return { id, ms, figure, minimum, median, repeats, perSecond: 1000 / ms, what };
  } finally {
    dispose();
  }
}
