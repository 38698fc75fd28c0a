/** @file What follows from the visits to the open case: upright Dice, change, worst pose, points of a curve. Pure functions. */
import type { Plane } from '../../engine/contract/engine-api';
import { isUpright } from './pose';
import type { Visit } from './session';

/** A change beyond this counts as broken and is set in bold. */
export const brokenChange = -0.05;

export const uprightVisit = (visits: readonly Visit[], modelId: string): Visit | undefined => visits.find((visit) => visit.modelId === modelId && isUpright(visit.pose));

/** Dice of one structure, upright; null where it was not measured or not defined. */
export const uprightDice = (visits: readonly Visit[], modelId: string, structure: number): number | null =>
  uprightVisit(visits, modelId)?.scores.find(({ value }) => value === structure)?.dice ?? null;

export function worstVisit(visits: readonly Visit[], modelId: string): Visit | null {
  let worst: Visit | null = null;
  for (const visit of visits)
    if (visit.modelId === modelId && visit.meanDice !== null && (worst === null || visit.meanDice < worst.meanDice!)) worst = visit;
  return worst;
}

/** Poses visited by a model, and in how many planes they lie. */
export function visitCount(visits: readonly Visit[]): { poses: number; planes: number } {
  const poses = new Set<string>();
  const planes = new Set<Plane>();
  for (const { pose } of visits) {
    poses.add(JSON.stringify(pose));
    if (pose.kind === 'angle' && pose.degrees > 0) planes.add(pose.plane);
  }
  return { poses: poses.size, planes: planes.size };
}

export interface CasePoint {
  readonly degrees: number;
  readonly meanDice: number;
}

/** This case's points on the curve of one plane, by angle; upright belongs to every plane. */
export function casePoints(visits: readonly Visit[], modelId: string, plane: Plane): CasePoint[] {
  const points: CasePoint[] = [];
  for (const { modelId: id, pose, meanDice } of visits)
    if (id === modelId && meanDice !== null && pose.kind === 'angle' && (pose.plane === plane || pose.degrees === 0)) points.push({ degrees: pose.degrees, meanDice });
  return points.sort((a, b) => a.degrees - b.degrees);
}

/** Segmentations a second over the latest unbroken run of arrivals (gaps under a second), or null when there was none. */
export function segmentationsPerSecond(arrivalsMs: readonly number[]): number | null {
  let first = arrivalsMs.length - 1;
  while (first > 0 && arrivalsMs[first] - arrivalsMs[first - 1] < 1000) first--;
  const run = arrivalsMs.length - 1 - first;
  return run < 4 ? null : (1000 * run) / (arrivalsMs[arrivalsMs.length - 1] - arrivalsMs[first]);
}
