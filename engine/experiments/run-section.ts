/** @file A single run in a report: its curves, what it was evaluated to, its specification. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { RunRecord } from '../contract/run-record';
import { readBytes } from '../data/file-access';
import type { Evaluation } from '../evaluation/evaluate';
import { shownSpread, summarise } from '../evaluation/statistics';
import { parameterCount } from '../model/cost';
import { RunFolder } from '../training/run-folder';
import type { Figure, FigureRow, Panel } from './figure';
import type { ReportSection } from './report-page';
import type { Table } from './study-record';
import { withoutPlace } from './study-spec';

export async function runSection(folder: string): Promise<ReportSection> {
  const record = await new RunFolder(folder).readRecord();
  const { spec, status, steps, epochs, bestEpoch, bestValidationDice, wallSeconds, environment, skipped = [] } = record;
  const { stored, live } = parameterCount(spec.model);
  const evaluations = await evaluationsOf(folder);
  return {
    id: basename(resolve(folder)),
    title: `Run ${spec.name}`,
    facts: [
      ['status', status],
      ['model', `${spec.model.architecture}, ${stored} parameters stored, ${live} live`],
      ['data set', `${basename(spec.data.dataset)}, ${casesIn(record, 'train')} cases to train, ${casesIn(record, 'validation')} for validation`],
      ...(skipped.length > 0 ? [['left out', skipped.map(({ case: id, reason }) => `${id}: ${reason}`).join(' ')] as const] : []),
      ['trained', `${steps} steps in ${epochs} epochs, ${(wallSeconds / 60).toFixed(1)} minutes of wall time, seed ${spec.seed}`],
      ['best epoch', bestEpoch === null ? 'none yet' : `${bestEpoch + 1}, validation Dice ${bestValidationDice?.toFixed(4) ?? 'undefined'}`],
      ['on', `${environment.machine}; ${environment.threads} threads, backend ${environment.backend}, kernels ${environment.kernelVariant}, Node ${environment.node}, Gyra ${environment.version}`],
    ],
    findings: [],
    figures: [...(await curves(folder, casesIn(record, 'validation'))), ...overAngle(record)],
    tables: evaluations.map((table, i) => ({ title: `Evaluation ${i + 1}`, table })),
    spec: withoutPlace(spec),
    printed: [],
  };
}

const casesIn = ({ data }: RunRecord, part: 'train' | 'validation'): number => new Set(data.filter((one) => one.part === part).map((one) => one.case)).size;

/** @param validationCases what the Dice of older metrics, which do not say it, was the mean over */
async function curves(folder: string, validationCases: number): Promise<Figure[]> {
  const points = await new RunFolder(folder).readMetrics();
  const losses = points.filter(({ name, context }) => name === 'loss' && context['split'] === 'train');
  const dice = points.filter(({ name }) => name === 'dice');
  if (dice.length === 0) return [];
  const panel = (name: string, y: Panel['y'], yLabel: string): Panel => ({ name, xLabel: 'step', scale: 'linear', marks: 'lines', yLabel, y });
  // the mean loss of each epoch, with its spread: single steps are of single cases
  const ends = dice.map(({ step }) => step);
  const loss = ends.flatMap((end, i): FigureRow[] => {
    const summary = summarise(losses.filter(({ step }) => step > (ends[i - 1] ?? 0) && step <= end).map(({ value }) => value));
    return summary.mean === null ? [] : [{ panel: 'training loss', series: 'this run', x: end, ...pointOf(summary.mean, shownSpread(summary).sd), n: summary.n }];
  });
  return [{
    title: 'Training', bandLabel: 'Loss: mean over the steps of an epoch ± standard deviation; Dice: mean over the validation cases',
    panels: [panel('training loss', 'auto', 'loss'), panel('validation Dice', 'unit', 'Dice')],
    rows: [...loss, ...dice.map(({ step, value, context }): FigureRow => ({ panel: 'validation Dice', series: 'this run', x: step, mean: value, low: null, high: null, n: Number(context['cases'] ?? validationCases) }))],
  }];
}

const pointOf = (mean: number, half: number | null): Pick<FigureRow, 'mean' | 'low' | 'high'> => ({ mean, low: half === null ? null : mean - half, high: half === null ? null : mean + half });

/** Dice over angle, where `gyra evaluate --record` has put it. */
function overAngle({ evaluation }: RunRecord): Figure[] {
  if (!evaluation) return [];
  const planes = [...new Set(evaluation.curve.map(({ plane }) => plane))];
  const rows = evaluation.curve.map(({ plane, degrees, ...summary }): FigureRow => {
    return { panel: `${plane} plane`, series: 'this run', x: degrees, ...pointOf(summary.mean, shownSpread(summary).se), n: summary.n };
  });
  return [{
    title: `Dice over angle on ${evaluation.dataset}, part ${evaluation.split}`, bandLabel: `Bands: ± standard error over ${evaluation.upright.n} cases`,
    panels: planes.map((plane): Panel => ({ name: `${plane} plane`, xLabel: 'angle (degrees)', scale: 'linear', marks: 'lines', yLabel: 'Dice', y: 'unit' })), rows,
  }];
}

/** Of the evaluations studies have left in the folder: a row a protocol. */
async function evaluationsOf(folder: string): Promise<Table[]> {
  const files = (await readdir(folder)).filter((name) => /^evaluation-.*\.json$/.test(name)).sort();
  return Promise.all(files.map(async (file) => {
    const { protocols } = JSON.parse(new TextDecoder().decode(await readBytes(join(folder, file)))) as Evaluation;
    const rows = Object.entries(protocols).map(([protocol, summary]) => ({ protocol, Dice: summary.mean, SE: shownSpread(summary).se, SD: shownSpread(summary).sd, '95 % low': summary.interval?.low ?? null, '95 % high': summary.interval?.high ?? null, '5th percentile': summary.fifthPercentile, cases: summary.n, 'case-poses': summary.casePoses }));
    return { columns: Object.keys(rows[0] ?? {}), rows };
  }));
}
