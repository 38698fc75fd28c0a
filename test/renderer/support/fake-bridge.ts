/**
 * @file An engine for tests of the window, in memory: real volumes, made-up models. `steady` predicts the turned reference eroded a little at every pose,
 * `falling` loses more of it the further the head is turned. Its numbers mean nothing.
 */
import type { Bridge, CaseSummary, CurvePoint, EngineEvent, EngineEvents, EngineStatus, Method, ModelSummary, OpenCase, Plane, RotationMatrix, Segmentation, StructureScore } from '../../../engine/contract/engine-api';
import { modelSpec } from '../../../engine/contract/model-spec';
import type { Problem, Result } from '../../../engine/contract/problem';
import { rotateLabels } from '../../../engine/math/resample';
import { axisAngle, planeRotation } from '../../../engine/math/rotation';

export interface FakeOptions {
  readonly cases: readonly OpenCase[];
  readonly latencyMs?: number;
  /** Without them the engine has no models. */
  readonly models?: readonly ModelSummary[];
}

export interface FakeEngine {
  readonly bridge: Bridge;
  /** Calls so far, by name and arguments. */
  readonly calls: { readonly method: Method; readonly args: unknown }[];
  tell<E extends EngineEvent>(event: E, payload: EngineEvents[E]): void;
}

const status: EngineStatus = { backend: 'wasm', threads: 2, mode: 'threads', kernelVariant: 'plain', version: '0.1.0' };

export const fakeModels: readonly ModelSummary[] = [fakeModel('steady'), fakeModel('falling')];

function fakeModel(kind: 'steady' | 'falling'): ModelSummary {
  const frame = { schemaVersion: 1, inputs: 1, outputs: 3, poolings: 2, kernelSize: 5, padding: 'centred' } as const;
  const curve: CurvePoint[] = (['sagittal', 'coronal', 'axial'] as Plane[]).flatMap((plane) => [0, 30, 60, 90, 120, 150, 180].map((degrees) => ({ plane, degrees, mean: kind === 'steady' ? 0.86 : 0.86 - 0.5 * Math.sin((Math.PI * Math.min(degrees, 90)) / 180), sd: kind === 'steady' ? 0.03 : 0.03 + 0.0008 * degrees, n: 41 })));
  return {
    id: kind,
    name: kind === 'steady' ? 'Steerable' : 'Ordinary',
    spec: modelSpec.parse(kind === 'steady' ? { ...frame, architecture: 'steerable-unet', irreps: '4x0e+2x1e+1x2e' } : { ...frame, architecture: 'unet', features: 15 }),
    parameters: kind === 'steady' ? 61_234 : 1_283_456,
    training: 'not trained: a fake for tests',
    structures: [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }],
    testCurve: curve,
  };
}

export function fakeEngine({ cases, latencyMs = 5, models = fakeModels }: FakeOptions): FakeEngine {
  const listeners = new Map<EngineEvent, Set<(payload: never) => void>>();
  const calls: { method: Method; args: unknown }[] = [];
  const newest = new Map<string, number>();
  const cancelledJobs = new Set<string>();
  const tell: FakeEngine['tell'] = (event, payload) => listeners.get(event)?.forEach((listener) => listener(payload as never));

  const handlers: Record<Method, (args: never) => Promise<Result<unknown>>> = {
    status: async () => done(status),
    listCases: async () => done(cases.map(({ id, name, split }): CaseSummary => ({ id, name, split }))),
    listModels: async () => done(models),
    openCase: async (args: { caseId?: string; files?: { name: string }[] }) => {
      await waited(latencyMs);
      const found = cases.find(({ id }) => id === args.caseId);
      return found ? done(found) : failed({ code: 'bad-input', message: `${args.files?.[0]?.name ?? args.caseId} is not a NIfTI volume.`, remedy: 'Choose a .nii or .nii.gz file.' });
    },
    segment: async ({ caseId, modelId, rotation }: { caseId: string; modelId: string; rotation: RotationMatrix }) => {
      const ticket = (newest.get(modelId) ?? 0) + 1;
      newest.set(modelId, ticket);
      await waited(latencyMs);
      if (newest.get(modelId) !== ticket) return failed({ code: 'cancelled', message: 'A newer pose was asked for.', remedy: '' });
      return done(fakeSegmentation(cases.find(({ id }) => id === caseId)!, modelId, rotation, latencyMs));
    },
    startCurve: async ({ caseId, modelIds, plane, degrees }: { caseId: string; modelIds: string[]; plane: Plane; degrees: number[] }) => {
      const jobId = `curve ${calls.length}`;
      void (async () => {
        const job = { jobId, title: `Dice over angle, ${plane}`, of: degrees.length, unit: 'poses' };
        for (const [index, angle] of degrees.entries()) {
          await waited(4 * latencyMs);
          if (cancelledJobs.has(jobId)) return tell('job', { ...job, state: 'cancelled', progress: index / degrees.length, done: index, secondsLeft: null });
          for (const modelId of modelIds) {
            const { scores, meanDice } = fakeSegmentation(cases.find(({ id }) => id === caseId)!, modelId, planeRotation(plane, angle), 0);
            tell('curvePoint', { jobId, caseId, modelId, plane, degrees: angle, meanDice, scores });
          }
          const finished = index + 1;
          tell('job', { ...job, state: finished === degrees.length ? 'done' : 'running', progress: finished / degrees.length, done: finished, secondsLeft: ((degrees.length - finished) * 4 * latencyMs) / 1000 });
        }
      })();
      return done({ jobId });
    },
    cancelJob: async ({ jobId }: { jobId: string }) => {
      cancelledJobs.add(jobId);
      return done({ cancelled: true });
    },
  };
  const bridge: Bridge = {
    shell: 'browser',
    call: (method, args) => {
      calls.push({ method, args });
      return handlers[method](args as never) as never;
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener as (payload: never) => void));
      return () => set.delete(listener as (payload: never) => void);
    },
  };
  return { bridge, calls, tell };
}

function fakeSegmentation(open: OpenCase, modelId: string, rotation: RotationMatrix, milliseconds: number): Segmentation {
  const reference = rotateLabels({ data: open.reference!, shape: open.canvasShape }, rotation).data;
  const turn = modelId === 'steady' ? 0 : Math.min(1, axisAngle(rotation).angleDegrees / 90);
  const [nx, ny] = open.canvasShape;
  const labels = reference.map((label, at) => {
    if (label === 0) return 0;
    const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    const wave = Math.sin(x * 0.7) + Math.sin(y * 0.6 + 1) + Math.sin(z * 0.8 + 2);
    return wave > 2.5 - 2.4 * turn ? 0 : wave < -2.9 + 1.6 * turn ? 3 - label : label;
  });
  const scores = open.structures.map(({ value, name }): StructureScore => {
    let common = 0, predicted = 0, referenced = 0;
    labels.forEach((label, at) => {
      if (label === value) predicted++;
      if (reference[at] === value) referenced++;
      if (label === value && reference[at] === value) common++;
    });
    return { value, name, dice: predicted + referenced === 0 ? null : (2 * common) / (predicted + referenced), predictedMl: predicted / 1000, referenceMl: referenced / 1000 };
  });
  const defined = scores.flatMap(({ dice }) => dice ?? []);
  return { caseId: open.id, modelId, rotation, shape: open.canvasShape, labels, scores, meanDice: defined.length ? defined.reduce((sum, dice) => sum + dice, 0) / defined.length : null, milliseconds };
}

const done = <T>(value: T): Result<T> => ({ ok: true, value });
const failed = (problem: Problem): Result<never> => ({ ok: false, problem });
const waited = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
