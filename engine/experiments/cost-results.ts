/** @file What training takes: seconds an epoch as the runs measured them, and the memory of a step. */
import type { TrainingSpec } from '../contract/training-spec';
import { percentile } from '../evaluation/statistics';
import { parameterCount } from '../model/cost';
import { RunFolder } from '../training/run-folder';
import type { FinishedRun } from './dice-results';
import type { FigureRow, Panel } from './figure';
import type { StudyResults } from './study-record';
import type { PlannedRun, StudySpec } from './study-spec';

/** Null where nothing was trained. */
export async function costResults(spec: StudySpec, finished: readonly FinishedRun[], folderOf: (run: PlannedRun) => string, { planMemory }: { planMemory(spec: TrainingSpec): Promise<number | null> }): Promise<StudyResults | null> {
  if (finished.length === 0) return null;
  const panels: Panel[] = [
    { name: 'time per epoch', xLabel: '', scale: 'category', marks: 'points', yLabel: 'seconds', y: 'auto' },
    { name: 'memory of a step', xLabel: '', scale: 'category', marks: 'points', yLabel: 'MiB', y: 'auto' },
  ];
  const rows: FigureRow[] = [];
  const lines: StudyResults['table']['rows'] = [];
  for (const { run, record } of finished) {
    const { series } = run.arm;
    const { stopping, sampling, seed } = run.spec;
    const seconds = await epochSeconds(folderOf(run));
    // runs given may have seen whole volumes, of which no two are alike
    const isPatch = sampling.kind === 'patch';
    const bytes = isPatch ? await planMemory(run.spec) : null;
    const median = percentile(seconds, 50);
    const parameters = parameterCount(run.spec.model);
    if (median !== null) rows.push({ panel: panels[0]!.name, series, x: series, mean: median, low: percentile(seconds, 0), high: percentile(seconds, 100), n: seconds.length });
    if (bytes !== null) rows.push({ panel: panels[1]!.name, series, x: series, mean: bytes / 2 ** 20, low: null, high: null, n: 1 });
    lines.push({
      model: series, seed, 'patch side (voxels)': isPatch ? sampling.patchSize : 'whole volumes', 'steps an epoch': stopping.stepsPerEpoch ?? Math.round(record.steps / Math.max(1, record.epochs)),
      'median seconds an epoch': median, 'shortest epoch (s)': percentile(seconds, 0), 'longest epoch (s)': percentile(seconds, 100), 'epochs timed': seconds.length,
      'memory of a step (MiB)': bytes === null ? null : bytes / 2 ** 20, 'parameters stored': parameters.stored, 'parameters live': parameters.live,
      threads: record.environment.threads, 'kernel variant': record.environment.kernelVariant, machine: record.environment.machine,
    });
  }
  return {
    figure: { title: spec.question, bandLabel: 'Points: median over epochs but the first, validation included; bars: shortest and longest. Memory: tensors and scratch at most at a time', panels, rows },
    table: { columns: Object.keys(lines[0] ?? {}), rows: lines },
    comparisons: [],
    findings: ratios(lines),
  };
}

/** Seconds of every epoch but the first, in which kernels are generated. */
async function epochSeconds(folder: string): Promise<number[]> {
  const ends = (await new RunFolder(folder).readMetrics()).filter(({ name }) => name === 'seconds').map(({ value }) => value);
  const durations = ends.map((end, i) => end - (ends[i - 1] ?? 0));
  return durations.length > 1 ? durations.slice(1) : durations;
}

/** Times hold on the machine that was measured; their ratios say more. */
function ratios([first, ...others]: StudyResults['table']['rows']): string[] {
  const own = Number(first?.['median seconds an epoch']);
  return others.flatMap(({ model, 'median seconds an epoch': seconds }) => (typeof seconds === 'number' && own > 0 ? [`${model} takes ${(seconds / own).toFixed(2)} times as long an epoch as ${first!['model']}, trained one after the other.`] : []));
}
