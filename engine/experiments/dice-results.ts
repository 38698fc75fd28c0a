/** @file Figure, table, paired differences and findings of a study of Dice, from its evaluated runs. */
import type { RunRecord } from '../contract/run-record';
import { meanOfCases, protocolSummary, turnedPoses, type CasePose, type Evaluation } from '../evaluation/evaluate';
import type { PoseName } from '../evaluation/protocols';
import { pairedDifference, shownSpread, summarise, type PairedDifference, type SubjectValue, type Summary } from '../evaluation/statistics';
import { parameterCount } from '../model/cost';
import { ceilingSeries, type Figure, type FigureRow, type Panel } from './figure';
import type { Comparison, StudyResults, Table } from './study-record';
import type { PlannedRun, StudyArm, StudySpec } from './study-spec';

export interface FinishedRun {
  readonly run: PlannedRun;
  readonly record: RunRecord;
}
export interface EvaluatedRun extends FinishedRun {
  readonly evaluation: Evaluation;
}

/** An arm at one learning rate, over its seeds. */
interface Variant {
  readonly label: string;
  readonly arm: StudyArm;
  readonly rate: number;
  readonly runs: readonly EvaluatedRun[];
  /** Mean over seeds of every case at every pose. */
  readonly caseDice: readonly CasePose[];
}

/** By mean validation Dice over seeds; of equal ones the first. */
export function bestRate(arm: StudyArm, finished: readonly FinishedRun[]): number | null {
  const own = finished.filter(({ run }) => run.arm === arm);
  const rates = [...new Set(own.map(({ run }) => run.learningRate))].map((rate) => ({ rate, dice: summarise(own.filter(({ run }) => run.learningRate === rate).map(({ record }) => record.bestValidationDice ?? 0)).mean! }));
  return rates.reduce<{ rate: number; dice: number } | null>((best, one) => (best === null || one.dice > best.dice ? one : best), null)?.rate ?? null;
}

/** @param runs at least one */
export function diceResults(spec: StudySpec, runs: readonly EvaluatedRun[]): StudyResults {
  const variants = variantsOf(spec, runs);
  const comparisons = comparisonsOf(spec, variants);
  return { figure: figureOf(spec, variants), table: tableOf(spec, variants), comparisons, findings: comparisons.flatMap(findingOf) };
}

function variantsOf(spec: StudySpec, runs: readonly EvaluatedRun[]): Variant[] {
  const many = spec.learningRates.length > 1;
  return spec.arms.flatMap((arm) => {
    const own = runs.filter(({ run }) => run.arm === arm);
    const best = bestRate(arm, own);
    return [...new Set(own.map(({ run }) => run.learningRate))].map((rate): Variant => {
      const ofRate = own.filter(({ run }) => run.learningRate === rate);
      const isCommon = arm.trained !== undefined || rate === spec.learningRates[0];
      return { label: many && !isCommon && rate === best ? `${arm.series}, own best rate ${rate}` : arm.series, arm, rate, runs: ofRate, caseDice: meanOverSeeds(ofRate.map(({ evaluation }) => evaluation)) };
    });
  });
}

function meanOverSeeds(evaluations: readonly Evaluation[]): readonly CasePose[] {
  const [first, ...others] = evaluations;
  if (others.length === 0) return first!.caseDice;
  const byPlace = others.map(({ caseDice }) => new Map(caseDice.map((one) => [placeOf(one), one])));
  return first!.caseDice.map((one) => {
    const all = [one, ...byPlace.flatMap((places) => places.get(placeOf(one)) ?? [])];
    const mean = (values: readonly (number | null)[]) => summarise(values).mean;
    return { ...one, mean: mean(all.map((each) => each.mean)), structures: Object.fromEntries(Object.keys(one.structures).map((name) => [name, mean(all.map(({ structures }) => structures[name] ?? null))])) };
  });
}
const placeOf = (one: CasePose): string => `${one.case} ${poseOf(one)}`;
const poseOf = ({ protocol, plane, axis, degrees }: PoseName): string => [protocol, plane ?? axis?.join() ?? '', degrees].join(' ');

/** A point of the figure: over cases, with the band the study shows. */
function point(spec: StudySpec, panel: string, variant: Variant, x: string | number, chosen: (one: CasePose) => boolean, dice: (one: CasePose) => number | null = ({ mean }) => mean): FigureRow[] {
  const over = (casePoses: readonly CasePose[]): Summary => summarise(casePoses.filter(chosen).map(dice));
  const summary = over(variant.caseDice);
  if (summary.mean === null) return [];
  const seeds = summarise(variant.runs.map(({ evaluation }) => over(evaluation.caseDice).mean));
  const half = spec.spread === 'seeds' ? (seeds.n > 1 ? seeds.sd : null) : shownSpread(summary)[spec.spread === 'SD' ? 'sd' : 'se'];
  return [{ panel, series: variant.label, x, mean: summary.mean, low: half === null ? null : summary.mean - half, high: half === null ? null : summary.mean + half, n: summary.n }];
}

const upright = ({ protocol }: CasePose): boolean => protocol === 'upright';
const dicePanel = (name: string, xLabel: string, rest: Partial<Panel> = {}): Panel => ({ name, xLabel, scale: 'linear', marks: 'lines', yLabel: 'Dice', y: 'unit', ...rest });

function figureOf(spec: StudySpec, variants: readonly Variant[]): Figure {
  const { panels, rows } = spec.figure === 'angle' ? overAngle(spec, variants) : spec.figure === 'model' ? overModels(spec, variants) : overNumbers(spec, variants);
  return { title: spec.question, bandLabel: bandLabelOf(spec, variants), panels, rows };
}

/** What bands and bars are, with n. */
function bandLabelOf({ spread, seeds }: StudySpec, [first]: readonly Variant[]): string {
  const cases = `n = ${new Set(first!.caseDice.map((one) => one.case)).size} cases`;
  const band = spread === 'SE' ? 'standard error over cases' : spread === 'SD' ? 'standard deviation over cases' : `standard deviation over ${seeds.length} seeds`;
  return spread === 'seeds' && seeds.length === 1 ? `Mean over cases, one seed, no band; ${cases}` : `Bands and bars: ± ${band}; ${cases}`;
}

function overAngle(spec: StudySpec, variants: readonly Variant[]): Pick<Figure, 'panels' | 'rows'> {
  const panels: Panel[] = [];
  const rows: FigureRow[] = [];
  const [first] = variants;
  const poses = first!.runs[0]!.evaluation.poses;
  const add = (panel: Panel, chosen: (pose: PoseName) => boolean, xOf: (pose: PoseName, i: number) => number) => {
    const own = poses.filter(chosen);
    if (own.length === 0) return;
    panels.push(panel);
    for (const variant of variants) rows.push(...own.flatMap((pose, i) => point(spec, panel.name, variant, xOf(pose, i), (one) => poseOf(one) === poseOf(pose))));
    rows.push(...own.flatMap((pose, i) => (pose.interpolationCeiling === null ? [] : [{ panel: panel.name, series: ceilingSeries, x: xOf(pose, i), mean: pose.interpolationCeiling, low: null, high: null, n: pose.n }])));
  };
  for (const plane of ['sagittal', 'coronal', 'axial'] as const) add(dicePanel(`${plane} plane`, 'angle (degrees)'), (pose) => pose.plane === plane, ({ degrees }) => degrees);
  add(dicePanel('right angles', 'rotation of the cube (1: none, then by angle)', { marks: 'points' }), ({ protocol }) => protocol === 'right-angles', (_, i) => i + 1);
  add(dicePanel('cone (cone60-v1)', 'angle (degrees), axes at random', { marks: 'points' }), ({ protocol }) => protocol === 'cone', ({ degrees }) => degrees);
  return { panels, rows };
}

function overModels(spec: StudySpec, variants: readonly Variant[]): Pick<Figure, 'panels' | 'rows'> {
  const structures = structuresOf(variants);
  const panels = [dicePanel('mean of structures', '', { scale: 'category', marks: 'points' }), ...(structures.length > 1 ? structures.map((name) => dicePanel(name, '', { scale: 'category', marks: 'points' })) : [])];
  const rows = panels.flatMap(({ name }, i) => variants.flatMap((variant) => point(spec, name, variant, variant.label === variant.arm.series ? (variant.arm.x ?? variant.label) : variant.label, upright, i === 0 ? undefined : (one) => one.structures[name] ?? null)));
  return { panels, rows };
}

function overNumbers(spec: StudySpec, variants: readonly Variant[]): Pick<Figure, 'panels' | 'rows'> {
  const axes: [Panel, (arm: StudyArm) => number][] =
    spec.figure === 'training-cases'
      ? [[dicePanel('upright', 'training cases', { scale: 'log' }), (arm) => Number(arm.x ?? arm.spec.data.trainingCases)]]
      : [
          [dicePanel('parameters stored', 'parameters', { scale: 'log' }), (arm) => parameterCount(arm.spec.model).stored],
          [dicePanel('parameters live', 'parameters that meet a tap of the lattice', { scale: 'log' }), (arm) => parameterCount(arm.spec.model).live],
        ];
  return { panels: axes.map(([panel]) => panel), rows: axes.flatMap(([{ name }, x]) => variants.flatMap((variant) => point(spec, name, variant, x(variant.arm), upright))) };
}

const structuresOf = ([first]: readonly Variant[]): string[] => Object.keys(first!.caseDice[0]?.structures ?? {});

function tableOf(spec: StudySpec, variants: readonly Variant[]): Table {
  const rows = variants.map((variant) => {
    const { arm, caseDice, runs, label, rate } = variant;
    const protocols = ['upright', ...spec.protocols].map((protocol) => [protocol, protocolSummary(caseDice, protocol as PoseName['protocol'])] as const);
    const worst = runs.flatMap(({ evaluation }) => evaluation.worst ?? []).reduce<Evaluation['worst']>((low, one) => (low === null || one.dice < low.dice ? one : low), null);
    const over = (values: readonly (number | null)[]) => summarise(values).mean;
    const parameters = parameterCount(arm.spec.model);
    const seedMeans = summarise(runs.map(({ evaluation }) => evaluation.mean));
    return {
      model: label,
      ...(arm.x === undefined || arm.x === arm.series ? {} : { [xNames[spec.figure]]: arm.x }),
      'parameters stored': parameters.stored, 'parameters live': parameters.live,
      ...Object.fromEntries(protocols.flatMap(([name, summary]) => [
        [`${name} Dice`, summary.mean], [`${name} SE`, shownSpread(summary).se], [`${name} SD`, shownSpread(summary).sd],
        [`${name} 95 % low`, summary.interval?.low ?? null], [`${name} 95 % high`, summary.interval?.high ?? null], [`${name} 5th percentile`, summary.fifthPercentile],
      ])),
      ...Object.fromEntries(structuresOf(variants).map((name) => [`upright Dice ${name}`, over(caseDice.filter(upright).map(({ structures }) => structures[name] ?? null))])),
      ...(spec.seeds.length > 1 ? { 'upright SD over seeds': shownSpread(seedMeans).sd } : {}),
      'worst Dice': worst?.dice ?? null, 'worst case': worst?.case ?? null, 'worst pose': worst && poseOf(worst.pose),
      'learning rate': rate, 'best validation Dice': over(runs.map(({ record }) => record.bestValidationDice)),
      steps: over(runs.map(({ record }) => record.steps)), minutes: over(runs.map(({ record }) => record.wallSeconds / 60)),
      cases: new Set(caseDice.map((one) => one.case)).size, subjects: new Set(caseDice.map(({ subject }) => subject)).size, seeds: runs.length,
      'empty in both': runs.reduce((sum, { evaluation }) => sum + evaluation.undefined, 0),
    };
  });
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}
const xNames: Readonly<Record<StudySpec['figure'], string>> = { angle: 'angle', model: 'variant', 'training-cases': 'training cases', parameters: 'parameters', cost: 'model' };

/** Every variant with the first of those it can be compared with: of as many training cases, or of all. */
function comparisonsOf(spec: StudySpec, variants: readonly Variant[]): Comparison[] {
  const groupOf = ({ arm }: Variant) => (spec.figure === 'training-cases' ? arm.x : undefined);
  const groups = [...new Set(variants.map(groupOf))].map((group) => variants.filter((variant) => groupOf(variant) === group));
  return groups.flatMap(([first, ...others]) => others.flatMap((second) => {
    const names = { first: nameOf(spec, first!), second: nameOf(spec, second) };
    const of = (measure: string, compare: (caseDice: readonly CasePose[]) => ReadonlyMap<string, SubjectValue>): Comparison => {
      const seeds = sharedSeeds(first!, second).map(({ seed, pair: [one, other] }) => ({ seed, mean: pairedDifference(compare(one), compare(other)).mean }));
      return { measure, ...names, ...plain(pairedDifference(compare(first!.caseDice), compare(second.caseDice))), ...(seeds.length > 1 ? { seeds } : {}) };
    };
    return [
      of('upright', (caseDice) => meanOfCases(caseDice.filter(upright))),
      ...spec.protocols.flatMap((protocol) => [of(protocol, (caseDice) => meanOfCases(turnedPoses(caseDice, protocol))), of(`loss in ${protocol}`, (caseDice) => lossOfCases(caseDice, protocol))]),
    ];
  }));
}
/** What two variants came to with each seed that both have. */
function sharedSeeds(first: Variant, second: Variant): { seed: number; pair: [readonly CasePose[], readonly CasePose[]] }[] {
  return first.runs.flatMap(({ run: { seed }, evaluation }) => second.runs.filter(({ run }) => run.seed === seed).map((other) => ({ seed, pair: [evaluation.caseDice, other.evaluation.caseDice] as [readonly CasePose[], readonly CasePose[]] })));
}
const nameOf = ({ figure }: StudySpec, { label, arm }: Variant): string => (figure !== 'angle' && arm.x !== undefined && arm.x !== arm.series ? `${label} (${arm.x})` : label);
const plain = ({ mean, sd, n, interval, wilcoxon }: PairedDifference) => ({ mean, sd, n, interval, wilcoxon });

/** `seed 0: 0.012, seed 1: 0.008`. */
export const seedsText = (seeds: NonNullable<Comparison['seeds']>): string => seeds.map(({ seed, mean }) => `seed ${seed}: ${mean?.toFixed(3) ?? 'undefined'}`).join(', ');

/** How much of its own upright Dice each case loses, mean over the turned poses. */
function lossOfCases(caseDice: readonly CasePose[], protocol: PoseName['protocol']): Map<string, SubjectValue> {
  const turned = meanOfCases(turnedPoses(caseDice, protocol));
  return new Map([...meanOfCases(caseDice.filter(upright))].map(([id, { subject, value }]) => {
    const other = turned.get(id)?.value ?? null;
    return [id, { subject, value: value === null || other === null ? null : value - other }];
  }));
}

/** With fewer Wilcoxon's test cannot come below p = 0.05, and intervals that resample them are too narrow. */
const fewestSubjects = 6;

function findingOf({ measure, first, second, mean, interval, wilcoxon, n, seeds }: Comparison): string[] {
  if (mean === null) return [];
  const by = (value: number): string => Math.abs(value).toFixed(3);
  const bySeed = seeds ? `; ${seedsText(seeds)}` : '';
  const how = `${interval ? `95 % interval ${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}, ${interval.subjects} subjects, ${n} cases${wilcoxon ? `, Wilcoxon p ${wilcoxon.p < 0.001 ? '< 0.001' : `= ${wilcoxon.p.toFixed(3)}`}` : ''}${interval.subjects < fewestSubjects ? `; fewer than ${fewestSubjects} subjects show nothing` : ''}` : `${n} cases, too few subjects for an interval`}${bySeed}`;
  const shown = interval !== null && interval.subjects >= fewestSubjects && (interval.low > 0 || interval.high < 0);
  if (measure.startsWith('loss in ')) {
    const [flatter, other] = mean < 0 ? [first, second] : [second, first];
    return [shown ? `${flatter} is flatter than ${other} (${measure.slice('loss in '.length)}): it loses ${by(mean)} less of its upright Dice (paired difference ${mean.toFixed(3)}, ${how}).` : `${first} is not shown to be flatter or less flat than ${second} (${measure.slice('loss in '.length)}): paired difference of their losses ${mean.toFixed(3)}, ${how}.`];
  }
  if (measure !== 'upright') return [];
  return [shown ? `Upright, ${mean > 0 ? first : second} is better than ${mean > 0 ? second : first} by ${by(mean)} (paired difference ${mean.toFixed(3)}, ${how}).` : `Upright, no difference is shown between ${first} and ${second}: ${mean.toFixed(3)}, ${how}.`];
}
