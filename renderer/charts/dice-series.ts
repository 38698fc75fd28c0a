/** @file From records to what the chart of Dice over angle draws. Pure. */
import type { CurvePoint, Plane } from '../../engine/contract/engine-api';
import { largestAngleDegrees } from '../../engine/math/rotation';
import type { ModelMark } from '../ui/model-mark';

export interface DicePoint {
  readonly degrees: number;
  readonly dice: number;
}
/** One model in one plane. */
export interface DiceSeries {
  readonly modelId: string;
  readonly name: string;
  readonly mark: ModelMark;
  /** Mean over the test cases with its standard deviation, by angle; empty where it was not evaluated. */
  readonly mean: readonly CurvePoint[];
  /** The open case, by angle. */
  readonly ofCase: readonly DicePoint[];
}

/** The stored curve of one plane by angle; 0 degrees is the same pose in every plane. */
export function meanInPlane(testCurve: readonly CurvePoint[], plane: Plane): CurvePoint[] {
  const ofPlane = testCurve.filter((point) => point.plane === plane);
  const upright = testCurve.find(({ degrees }) => degrees === 0);
  const points = ofPlane.some(({ degrees }) => degrees === 0) || !upright || ofPlane.length === 0 ? ofPlane : [upright, ...ofPlane];
  return [...points].sort((a, b) => a.degrees - b.degrees);
}

export type DiceRow = { readonly degrees: number } & Readonly<Record<string, number | readonly [low: number, high: number]>>;
/** Corners of the plot, not a series. */
export const frameKey = 'frame';
export const meanKey = (index: number): string => `mean ${index}`;
export const bandKey = (index: number): string => `band ${index}`;

/** One row an angle, with a column for each line and band; an angle that a series lacks has no entry. */
export function diceRows(means: readonly (readonly CurvePoint[])[]): DiceRow[] {
  // Recharts draws axes only round numbers, and there may be no mean yet.
  const rows = new Map<number, Record<string, number | readonly [number, number]>>([[0, { [frameKey]: 0 }], [largestAngleDegrees, { [frameKey]: 1 }]]);
  const row = (degrees: number) => {
    const found = rows.get(degrees) ?? {};
    rows.set(degrees, found);
    return found;
  };
  means.forEach((mean, index) => {
    for (const point of mean) {
      row(point.degrees)[meanKey(index)] = point.mean;
      row(point.degrees)[bandKey(index)] = [Math.max(0, point.mean - point.sd), Math.min(1, point.mean + point.sd)];
    }
  });
  return [...rows].sort(([a], [b]) => a - b).map(([degrees, columns]) => ({ ...columns, degrees }));
}

/** Value between two points by linear interpolation; null beyond the first and last. */
export function valueAt(points: readonly { readonly degrees: number; readonly value: number }[], degrees: number): number | null {
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (point.degrees === degrees) return point.value;
    if (point.degrees > degrees) {
      const before = points[i - 1];
      return before ? before.value + ((point.value - before.value) * (degrees - before.degrees)) / (point.degrees - before.degrees) : null;
    }
  }
  return null;
}

export interface DiceAtAngle {
  readonly mean: number | null;
  readonly sd: number | null;
  readonly ofCase: number | null;
}
export const diceAt = ({ mean, ofCase }: DiceSeries, degrees: number): DiceAtAngle => ({
  mean: valueAt(mean.map((point) => ({ degrees: point.degrees, value: point.mean })), degrees),
  sd: valueAt(mean.map((point) => ({ degrees: point.degrees, value: point.sd })), degrees),
  ofCase: valueAt(ofCase.map((point) => ({ degrees: point.degrees, value: point.dice })), degrees),
});

/** Number of test cases behind the means; null where there are none or they differ. */
export function testCases(series: readonly DiceSeries[]): number | null {
  const counts = new Set(series.flatMap(({ mean }) => mean.map(({ n }) => n)));
  return counts.size === 1 ? [...counts][0] : null;
}

/** Positions moved apart so that labels `gap` high do not overlap, in their order, within [low, high]. */
export function spreadApart(positions: readonly number[], gap: number, low: number, high: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => positions[a] - positions[b]);
  const placed = [...positions];
  order.forEach((index, rank) => {
    placed[index] = Math.max(placed[index], rank === 0 ? low : placed[order[rank - 1]] + gap);
  });
  // What was pushed beyond the end comes back, pushing the others up.
  order.reduceRight((limit, index) => {
    placed[index] = Math.min(placed[index], limit);
    return placed[index] - gap;
  }, high);
  return placed;
}
