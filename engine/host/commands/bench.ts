/** @file `gyra bench`: how long the engine takes on this machine. Times on a shared machine are noisy: compare within one run. */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { BackendHandle, BackendName, ChosenBackend } from '../../backends/choose';
import { badInput } from '../../contract/problem';
import { backendOption, startChosenBackend } from '../backend-option';
import { recordOperators } from '../../ops/run-operator';
import { benchRows, type BenchRow } from '../bench-rows';
import { parseCount } from '../option-parsers';

interface Options {
  threads?: number;
  backend: BackendName;
  rows?: string;
  repeats?: number;
  size?: number;
  width?: number;
  profile?: boolean;
  json?: boolean;
}
/** What the calls of one operator took of a run. */
interface Share {
  readonly operator: string;
  readonly calls: number;
  readonly ms: number;
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
  /** Multiply-adds or bytes a second. */
  readonly rate?: { readonly perSecond: number; readonly unit: string };
  /** Of one further run, longest first; the rest is `elsewhere`. */
  readonly operators?: readonly Share[];
}

export function register(program: Command): void {
  program
    .command('bench')
    .description('measure the speed of the engine')
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--rows <text>', 'only the row of this id, or rows whose id contains this')
    .option('--repeats <count>', 'times each row is measured instead of its own number', parseCount)
    .option('--size <voxels>', 'side of the volume instead of each row\'s own', parseCount)
    .option('--width <count>', 'features, or scalars of the irreps, instead of the paper\'s', parseCount)
    .option('--profile', 'say what each operator takes of one run')
    .option('--json', 'print one JSON document')
    .action(run);
}

/** Measured once, at the start of this process. */
const startRow = 'engine/ready';

async function run({ threads, rows = '', repeats, size, width, profile, backend: name, json }: Options): Promise<void> {
  const begun = performance.now();
  const backend = await startChosenBackend(name, { threads });
  const startMs = performance.now() - begun;
  try {
    const all = benchRows(fileURLToPath(new URL('../../assets/models/hippocampus-steerable', import.meta.url)), machineOf(backend), { size, width });
    const exact = all.filter(({ id }) => id === rows);
    const chosen = exact.length ? exact : all.filter(({ id }) => id.includes(rows));
    if (!chosen.length && !startRow.includes(rows)) throw badInput(`No row of the benchmark contains "${rows}".`, `Choose among ${[startRow, ...all.map(({ id }) => id)].join(', ')}.`);
    const measured: Measured[] = startRow.includes(rows)
      ? [{ id: startRow, ms: startMs, figure: 'minimum', minimum: startMs, median: startMs, repeats: 1, perSecond: 1000 / startMs, what: 'threads started and checked, kernels compiled' }]
      : [];
    for (const row of chosen) {
      process.stderr.write(`${row.id} ...\n`);
      measured.push(await measure(repeats ? { ...row, repeats } : row, profile ?? false));
    }
    const result = { backend: backend.name, threads: backend.threads, kernelVariant: backend.kernelVariant, wide: backend.wide, rows: measured };
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${backend.name} ${backend.kernelVariant}, ${backend.wide ? 'eight lanes, ' : ''}${backend.threads} threads\n${measured.map(printRow).join('')}`);
  } finally {
    await backend.dispose();
  }
}

/** The machine under our own backend; TensorFlow has none. */
const machineOf = (backend: ChosenBackend | BackendHandle) => ('backend' in backend ? backend.backend.machine : undefined);

function printRow({ id, ms, figure, repeats, what, rate, operators }: Measured): string {
  const speed = rate ? ` (${(rate.perSecond / 1e9).toFixed(1)} G ${rate.unit} a second)` : '';
  const shares = (operators ?? []).map((share) => `  ${share.operator.padEnd(32)} ${share.ms.toFixed(1).padStart(9)} ms  ${String(share.calls).padStart(4)} calls\n`);
  return `${id.padEnd(28)} ${ms.toFixed(1).padStart(9)} ms  ${figure} of ${repeats}: ${what}${speed}\n${shares.join('')}`;
}

async function measure({ id, what, repeats, figure, work, prepare }: BenchRow, profile: boolean): Promise<Measured> {
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
    const rate = work && { perSecond: (work.amount / ms) * 1000, unit: work.unit };
    return { id, ms, figure, minimum, median, repeats, perSecond: 1000 / ms, what, rate, operators: profile ? profiled(() => run(repeats + 1)) : undefined };
  } finally {
    dispose();
  }
}

function profiled(run: () => void): Share[] {
  const shares = new Map<string, Share>();
  const begun = performance.now();
  recordOperators(({ name, milliseconds }) => {
    const { calls, ms } = shares.get(name) ?? { calls: 0, ms: 0 };
    shares.set(name, { operator: name, calls: calls + 1, ms: ms + milliseconds });
  }, run);
  const elsewhere = performance.now() - begun - [...shares.values()].reduce((sum, { ms }) => sum + ms, 0);
  return [...[...shares.values()].sort((a, b) => b.ms - a.ms), { operator: 'elsewhere', calls: 1, ms: elsewhere }];
}
