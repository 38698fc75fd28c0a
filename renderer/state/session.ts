/** @file What the engine has told this window since it opened. Plain data; everything that can be computed from it is (see dice-of-case.ts). */
import { create } from 'zustand';
import type { CaseSummary, EngineEvents, EngineStatus, ModelSummary, OpenCase, RotationMatrix, Segmentation, StructureScore } from '../../engine/contract/engine-api';
import type { Problem } from '../../engine/contract/problem';
import type { Pose } from './pose';

/** Dice of one model on the open case at one pose. */
export interface Visit {
  readonly modelId: string;
  readonly pose: Pose;
  readonly meanDice: number | null;
  readonly scores: readonly StructureScore[];
}
export interface Notice {
  readonly id: number;
  readonly kind: 'info' | 'warning' | 'error';
  /** What happened, and to which file. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}
export type Job = EngineEvents['job'];
export type EngineState = { readonly state: 'connecting' | EngineEvents['engine']['state']; readonly status: EngineStatus | null; readonly problem?: Problem };

export interface Session {
  engine: EngineState;
  cases: readonly CaseSummary[];
  models: readonly ModelSummary[];
  open: OpenCase | null;
  /** Name of what is being opened. */
  opening: string | null;
  /** Latest segmentation of the open case, by model. */
  segmentations: Readonly<Record<string, Segmentation>>;
  /** Why a model has none, by model. */
  failures: Readonly<Record<string, Problem>>;
  visits: readonly Visit[];
  jobs: readonly Job[];
  notices: readonly Notice[];
  /** When the latest segmentations arrived, ms. */
  arrivalsMs: readonly number[];
}

export const useSession = create<Session>(() => ({
  engine: { state: 'connecting', status: null },
  cases: [],
  models: [],
  open: null,
  opening: null,
  segmentations: {},
  failures: {},
  visits: [],
  jobs: [],
  notices: [],
  arrivalsMs: [],
}));

/** A case was opened: what belonged to the one before is dropped. Opened again after a restart of the engine, its visits stay. */
export function caseOpened(open: OpenCase): void {
  useSession.setState((session) => ({
    open,
    opening: null,
    segmentations: {},
    failures: {},
    visits: session.open?.id === open.id ? session.visits : [],
    cases: session.cases.some(({ id }) => id === open.id) ? session.cases : [...session.cases, { id: open.id, name: open.name, split: open.split }],
  }));
}

export function segmentationArrived(segmentation: Segmentation, pose: Pose, atMs: number): void {
  const { modelId, meanDice, scores } = segmentation;
  useSession.setState((session) => {
    if (session.open?.id !== segmentation.caseId) return session;
    const { [modelId]: _healed, ...failures } = session.failures;
    return {
      segmentations: { ...session.segmentations, [modelId]: segmentation },
      failures,
      visits: withVisit(session.visits, { modelId, pose, meanDice, scores }),
      arrivalsMs: [...session.arrivalsMs, atMs].slice(-48),
    };
  });
}

export const segmentationFailed = (modelId: string, problem: Problem): void => useSession.setState(({ failures }) => ({ failures: { ...failures, [modelId]: problem } }));
export const visited = (visit: Visit): void => useSession.setState(({ visits }) => ({ visits: withVisit(visits, visit) }));

export const jobChanged = (job: Job): void => useSession.setState(({ jobs }) => ({ jobs: [...jobs.filter(({ jobId }) => jobId !== job.jobId), job].slice(-20) }));
export const jobDismissed = (jobId: string): void => useSession.setState(({ jobs }) => ({ jobs: jobs.filter((job) => job.jobId !== jobId) }));

let lastNotice = 0;
export function notify(notice: Omit<Notice, 'id'>): void {
  useSession.setState(({ notices }) => ({ notices: [...notices.filter(({ message }) => message !== notice.message), { ...notice, id: ++lastNotice }].slice(-4) }));
}
export const dismissNotice = (id: number): void => useSession.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));

function withVisit(visits: readonly Visit[], visit: Visit): readonly Visit[] {
  const key = poseKey(visit.pose);
  return [...visits.filter((other) => other.modelId !== visit.modelId || poseKey(other.pose) !== key), visit];
}

/** 0 degrees is one pose whatever the plane. */
function poseKey(pose: Pose): string {
  if (pose.kind === 'free') return rotationKey(pose.rotation);
  return pose.degrees === 0 ? 'upright' : `${pose.plane} ${pose.degrees.toFixed(1)}`;
}
const rotationKey = (rotation: RotationMatrix): string => rotation.map((entry) => entry.toFixed(3)).join(' ');
