/** @file Dice of a predictor upright and under rotation protocols, all poses of a case on one canvas. */
import type { RotationMatrix, Shape, Structure } from '../contract/engine-api';
import type { AcceptedSizes } from '../contract/network-sizes';
import { badInput, cancelled } from '../contract/problem';
import { canvasFor, canvasForPoses } from '../data/canvas';
import { prepareCase, type CaseVolumes, type PreparedCase } from '../data/prepared-case';
import { rotateLabels } from '../math/resample';
import { inverseRotation } from '../math/rotation';
import type { Volume } from '../math/volume';
import { meanDice, overlapsBeside, type StructureOverlap } from './dice';
import { posesOf, uprightPose, type Pose, type PoseName, type Protocol } from './protocols';
import { bootstrapInterval, percentile, summarise, type Interval, type SubjectValue, type Summary } from './statistics';

/** Labels of a case from its normalised contrasts; their sizes are what {@link EvaluationOptions.sizes} says. */
export type Predict = (images: readonly Float32Array[], shape: Shape, isCancelled?: () => boolean) => Uint8Array;

export interface EvaluationCase {
  readonly id: string;
  /** Cases of one subject are drawn together in intervals; without one the case is its own. */
  readonly subject?: string;
  load(): Promise<CaseVolumes>;
}

export interface EvaluationOptions {
  readonly structures: readonly Structure[];
  readonly protocols: readonly Protocol[];
  /** Angles of the protocol `planes`. */
  readonly degrees: readonly number[];
  /** Canvas sizes the predictor takes. */
  readonly sizes: AcceptedSizes;
  /** Voxels of fill an axis, in all, around a case that is not turned; default 0. The canvas of turned cases is the one that encloses them. */
  readonly margin?: number;
  /** Reference label of the voxels that count nowhere. */
  readonly ignoreLabel?: number;
  readonly isCancelled?: () => boolean;
}

export interface Evaluation {
  /** Number of cases. */
  readonly cases: number;
  /** Over cases, of the mean over structures whose Dice is defined; upright. */
  readonly mean: number | null;
  /** Structures that are empty in both reference and prediction of a case, upright, counted over cases. */
  readonly undefined: number;
  /** Upright, by name. */
  readonly structures: Readonly<Record<string, Summary>>;
  readonly poses: readonly PoseResult[];
  /** Of all poses, upright included. */
  readonly worst: (CaseDice & { readonly pose: PoseName }) | null;
  /** Upright, and each protocol over its turned poses: those that leave the case upright count as upright alone. */
  readonly protocols: Readonly<Partial<Record<PoseName['protocol'], ProtocolSummary>>>;
  /** Every case at every pose, upright first. */
  readonly caseDice: readonly CasePose[];
}
/** Over cases, of the mean over poses of a case. */
export interface ProtocolSummary extends Summary {
  /** Of the mean, resampling subjects. */
  readonly interval: Interval | null;
  /** Over case-poses: every case at every pose is one value. */
  readonly fifthPercentile: number | null;
  readonly casePoses: number;
}
export interface CasePose extends PoseName {
  readonly case: string;
  readonly subject: string;
  /** Over the structures whose Dice is defined. */
  readonly mean: number | null;
  /** Dice by name. */
  readonly structures: Readonly<Record<string, number | null>>;
}
export interface PoseResult extends PoseName, Summary {
  readonly worst: CaseDice | null;
  /** What interpolation alone leaves: the reference turned there and back against itself, mean over cases. */
  readonly interpolationCeiling: number | null;
}
export interface CaseDice {
  readonly dice: number;
  readonly case: string;
}

export interface PoseScore {
  readonly labels: Uint8Array;
  /** Empty where the case has no reference. */
  readonly scores: readonly StructureOverlap[];
}

/** Contrasts and reference turned alike, the contrasts segmented, both compared: what the window and every protocol do with one pose. */
export function scorePose(predict: Predict, { images, fills, reference }: PreparedCase, rotation: RotationMatrix, structures: readonly Structure[], { ignoreLabel, isCancelled }: Pick<EvaluationOptions, 'ignoreLabel' | 'isCancelled'> = {}): PoseScore {
  const turned = images.map((image, contrast) => image.rotate(rotation, fills[contrast]!));
  const labels = predict(turned.map(({ data }) => data), turned[0]!.shape, isCancelled);
  return { labels, scores: reference ? overlapsBeside(ignoreLabel, labels, rotateLabels(reference, rotation).data, structures) : [] };
}

/** @param onProgress poses done of poses in all, over all cases */
export async function evaluate(predict: Predict, cases: readonly EvaluationCase[], options: EvaluationOptions, onProgress: (done: number, of: number) => void = () => {}): Promise<Evaluation> {
  if (cases.length === 0) throw badInput('There are no cases to evaluate.', 'Choose a part of the split that has cases, or list some with --cases.');
  const asked = options.protocols.flatMap((protocol) => posesOf(protocol, options.degrees));
  // The same turn has many names: it is computed once.
  const different = new Map([uprightPose, ...asked].map(({ rotation }) => [keyOf(rotation), rotation]));
  const results: CaseResult[] = [];
  for (const { id, subject = id, load } of cases) {
    const volumes = await load();
    const { shape } = volumes.images[0]!;
    const prepared = prepareCase(volumes, different.size === 1 ? canvasFor(shape, options.sizes, options.margin) : canvasForPoses(shape, [...different.values()], options.sizes));
    if (!prepared.reference) throw badInput(`Case ${id} has no labels to compare with.`, 'Evaluate cases that have labels.');
    const byRotation = new Map<string, RotationResult>();
    for (const [key, rotation] of different) {
      // lets a signal in between two poses
      await new Promise((resolve) => setImmediate(resolve));
      if (options.isCancelled?.()) throw cancelled();
      const { scores } = scorePose(predict, prepared, rotation, options.structures, options);
      byRotation.set(key, { scores, mean: meanDice(scores), ceiling: thereAndBack(prepared.reference, rotation, options) });
      onProgress(results.length * different.size + byRotation.size, cases.length * different.size);
    }
    results.push({ id, subject, byRotation });
  }
  return summary(results, asked, options.structures);
}

interface RotationResult {
  scores: readonly StructureOverlap[];
  mean: number | null;
  ceiling: number | null;
}
interface CaseResult {
  id: string;
  subject: string;
  byRotation: ReadonlyMap<string, RotationResult>;
}

function summary(results: readonly CaseResult[], asked: readonly Pose[], structures: readonly Structure[]): Evaluation {
  const at = ({ rotation }: Pose): readonly RotationResult[] => results.map(({ byRotation }) => byRotation.get(keyOf(rotation))!);
  const worstAt = (pose: Pose): CaseDice | null => lowest(at(pose).map(({ mean }, i) => ({ dice: mean, case: results[i].id })));
  const upright = at(uprightPose);
  const caseDice = [uprightPose, ...asked].flatMap((pose) =>
    at(pose).map(({ scores, mean }, i): CasePose => ({ case: results[i].id, subject: results[i].subject, ...pose.name, mean, structures: Object.fromEntries(scores.map(({ name, dice }) => [name, dice])) })),
  );
  return {
    cases: results.length,
    mean: summarise(upright.map(({ mean }) => mean)).mean,
    undefined: upright.flatMap(({ scores }) => scores).filter(({ dice }) => dice === null).length,
    structures: Object.fromEntries(structures.map(({ name }, i) => [name, summarise(upright.map(({ scores }) => scores[i].dice))])),
    poses: asked.map((pose) => ({ ...pose.name, ...summarise(at(pose).map(({ mean }) => mean)), worst: worstAt(pose), interpolationCeiling: summarise(at(pose).map(({ ceiling }) => ceiling)).mean })),
    worst: lowest([uprightPose, ...asked].flatMap((pose) => {
      const worst = worstAt(pose);
      return worst ? [{ ...worst, pose: pose.name }] : [];
    })),
    protocols: Object.fromEntries([...new Set(caseDice.map(({ protocol }) => protocol))].map((protocol) => [protocol, protocolSummary(caseDice, protocol)])),
    caseDice,
  };
}

/** Of the case-poses of one protocol, turned ones alone. */
export function protocolSummary(caseDice: readonly CasePose[], protocol: PoseName['protocol']): ProtocolSummary {
  const casePoses = turnedPoses(caseDice, protocol);
  const means = [...meanOfCases(casePoses).values()];
  const dice = casePoses.map(({ mean }) => mean);
  return { ...summarise(means.map(({ value }) => value)), interval: bootstrapInterval(means), fifthPercentile: percentile(dice, 5), casePoses: dice.filter((mean) => mean !== null).length };
}

/** Case-poses of a protocol but those that leave the case upright. */
export const turnedPoses = (caseDice: readonly CasePose[], protocol: PoseName['protocol']): CasePose[] => caseDice.filter((one) => one.protocol === protocol && (protocol === 'upright' || one.degrees % 360 !== 0));

/** Mean Dice of each case over the poses given, by its name. */
export function meanOfCases(casePoses: readonly CasePose[]): Map<string, SubjectValue> {
  const byCase = new Map<string, CasePose[]>();
  for (const one of casePoses) byCase.set(one.case, [...(byCase.get(one.case) ?? []), one]);
  return new Map([...byCase].map(([id, ofCase]) => [id, { subject: ofCase[0].subject, value: summarise(ofCase.map(({ mean }) => mean)).mean }]));
}

/** The first of the entries with the lowest Dice; null where none has one. */
function lowest<T extends { dice: number | null }>(entries: readonly T[]): (T & { dice: number }) | null {
  const defined = entries.filter((entry): entry is T & { dice: number } => entry.dice !== null);
  return defined.length === 0 ? null : defined.reduce((worst, entry) => (entry.dice < worst.dice ? entry : worst));
}

function thereAndBack(reference: Volume<Uint8Array>, rotation: RotationMatrix, { structures, ignoreLabel }: EvaluationOptions): number | null {
  const back = rotateLabels(rotateLabels(reference, rotation), inverseRotation(rotation));
  return meanDice(overlapsBeside(ignoreLabel, back.data, reference.data, structures));
}

/** Entries that differ by rounding alone are one rotation. */
const keyOf = (rotation: RotationMatrix): string => rotation.map((entry) => Math.round(entry * 1e9) + 0).join();
