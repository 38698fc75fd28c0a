/** @file The one contract between window and engine. Channels, preload, loopback server and client are derived from it: a new call is one line in `methods`, one in `EngineApi` and one handler. */
import { z } from 'zod';
import { problemCodes, type Problem, type Result } from './problem';
import type { ModelSpec } from './model-spec';
import type { Structure } from './structure';

export type { Structure };

/** x, y, z counts; data is x fastest: index = x + nx (y + ny z). */
export type Shape = readonly [nx: number, ny: number, nz: number];
/** A rotation as a row-major 3 by 3 matrix on (x, y, z) about the centre of the canvas. */
export type RotationMatrix = readonly number[];
export const planes = ['sagittal', 'coronal', 'axial'] as const;
export type Plane = (typeof planes)[number];

const rotation = z
  .array(z.number())
  .length(9)
  .refine((m) => isRotation(m), 'a rotation is nine numbers of an orthonormal matrix with determinant 1, row by row');
const id = z.string().min(1).max(200);
const namedFile = z.strictObject({ name: id, bytes: z.instanceof(Uint8Array) });

/** Arguments of every call, parsed at the receiving end. */
export const methods = {
  status: z.strictObject({}),
  listCases: z.strictObject({}),
  listModels: z.strictObject({}),
  /** A shipped case by id, or what the person opened: one file, several contrasts, or the slices of a DICOM series; with its reference labels if they gave them. */
  openCase: z.union([
    z.strictObject({ caseId: id }),
    z.strictObject({ files: z.array(namedFile).min(1).max(4096), reference: namedFile.optional() }),
  ]),
  /** The case turned and segmented by one model. A newer request for the same model cancels the older one. */
  segment: z.strictObject({ caseId: id, modelId: id, rotation }),
  /** Dice over angle of one case in one plane, computed when nothing else is asked; points arrive as events. */
  startCurve: z.strictObject({ caseId: id, modelIds: z.array(id).min(1).max(4), plane: z.enum(planes), degrees: z.array(z.number().min(-360).max(360)).min(1).max(361) }),
  cancelJob: z.strictObject({ jobId: id }),
} as const;

export type Method = keyof typeof methods;
export type Arguments<M extends Method> = z.infer<(typeof methods)[M]>;

export interface EngineApi {
  status(args: Arguments<'status'>): EngineStatus;
  listCases(args: Arguments<'listCases'>): readonly CaseSummary[];
  listModels(args: Arguments<'listModels'>): readonly ModelSummary[];
  openCase(args: Arguments<'openCase'>): OpenCase;
  segment(args: Arguments<'segment'>): Segmentation;
  startCurve(args: Arguments<'startCurve'>): { jobId: string };
  cancelJob(args: Arguments<'cancelJob'>): { cancelled: boolean };
}
export type Reply<M extends Method> = ReturnType<EngineApi[M]>;

export interface EngineStatus {
  backend: 'wasm';
  threads: number;
  /** How the engine runs after its self-check: with threads, on one thread, or in an ordinary child process. */
  mode: 'threads' | 'single-thread' | 'child-process';
  kernelVariant: 'plain' | 'relaxed';
  version: string;
}

export interface CaseSummary {
  id: string;
  name: string;
  /** Part of the split it comes from, so that the window can say whether models were trained on it. */
  split: 'test' | 'validation' | 'train' | 'opened';
}

/** A case on its canvas: normalised once, upright, with its fill; what is turned. */
export interface OpenCase extends CaseSummary {
  fileShape: Shape;
  spacingMm: readonly [number, number, number];
  /** Axis codes such as RAS. */
  orientation: string;
  canvasShape: Shape;
  /** Normalised intensities on the canvas. */
  image: Float32Array;
  /** Intensity of the canvas outside the case. */
  fill: number;
  /** Grey range for display. */
  window: readonly [low: number, high: number];
  /** Reference labels on the canvas, where there are any. */
  reference: Uint8Array | null;
  structures: readonly Structure[];
  /** What the person should know about the file: odd spacing, unlisted labels ... */
  notices: readonly string[];
}

/** Mean over cases of the mean Dice over structures at one pose. */
export interface CurvePoint {
  plane: Plane;
  degrees: number;
  mean: number;
  /** Standard deviation over cases. */
  sd: number;
  n: number;
}

export interface ModelSummary {
  id: string;
  /** Short name for tiles and legends: Steerable, Ordinary. */
  name: string;
  spec: ModelSpec;
  parameters: number;
  /** How it was trained, in a line. */
  training: string;
  structures: readonly Structure[];
  /** Stored Dice over angle on the test cases of its data set, empty where it was not evaluated. */
  testCurve: readonly CurvePoint[];
}

export interface StructureScore {
  value: number;
  name: string;
  /** Null where reference and prediction are both empty or there is no reference. */
  dice: number | null;
  predictedMl: number;
  referenceMl: number | null;
}

export interface Segmentation {
  caseId: string;
  modelId: string;
  rotation: RotationMatrix;
  shape: Shape;
  /** Predicted labels on the turned canvas. */
  labels: Uint8Array;
  scores: readonly StructureScore[];
  /** Mean Dice over structures whose Dice is defined. */
  meanDice: number | null;
  /** From rotation in to label map out. */
  milliseconds: number;
}

/** What the engine says unasked. */
export interface EngineEvents {
  engine: { state: 'starting' | 'ready' | 'restarted' | 'failed'; problem?: Problem; status?: EngineStatus };
  /** `done` and `of` count `unit`, a word in the plural. */
  job: { jobId: string; title: string; state: 'queued' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed'; progress: number; done: number; of: number; unit: string; secondsLeft: number | null; problem?: Problem };
  curvePoint: { jobId: string; caseId: string; modelId: string; plane: Plane; degrees: number; meanDice: number | null; scores: readonly StructureScore[] };
}
export type EngineEvent = keyof EngineEvents;
export const engineEvents = ['engine', 'job', 'curvePoint'] as const satisfies readonly EngineEvent[];

/** What preload exposes as `window.gyra`, and what the loopback client rebuilds over its socket. */
export interface Bridge {
  call<M extends Method>(method: M, args: Arguments<M>): Promise<Result<Reply<M>>>;
  /** Returns the function that stops listening. */
  on<E extends EngineEvent>(event: E, listener: (payload: EngineEvents[E]) => void): () => void;
  readonly shell: 'electron' | 'browser';
}

/** Between a shell and an engine process, and between browser and loopback server. */
export type RequestMessage = { kind: 'call'; id: number; method: Method; args: unknown };
export type ReplyMessage = { kind: 'reply'; id: number; result: Result<unknown> };
export type EventMessage = { kind: 'event'; event: EngineEvent; payload: unknown };

export const isMethod = (value: unknown): value is Method => typeof value === 'string' && Object.hasOwn(methods, value);
export const requestMessage = z.strictObject({ kind: z.literal('call'), id: z.int().nonnegative(), method: z.custom<Method>(isMethod, 'no such call'), args: z.unknown() });
const problem = z.strictObject({ code: z.enum(problemCodes), message: z.string(), remedy: z.string() });
const result = z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true), value: z.unknown() }), z.strictObject({ ok: z.literal(false), problem })]);
/** What comes back: the answer to a call, or something said unasked. */
export const answerMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('reply'), id: z.int().nonnegative(), result }),
  z.strictObject({ kind: z.literal('event'), event: z.enum(engineEvents), payload: z.unknown() }),
]);

function isRotation(m: readonly number[]): boolean {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const rows = [[a, b, c], [d, e, f], [g, h, i]] as const;
  for (let r = 0; r < 3; r++) for (let s = 0; s < 3; s++) {
    const dot = rows[r]![0] * rows[s]![0] + rows[r]![1] * rows[s]![1] + rows[r]![2] * rows[s]![2];
    if (Math.abs(dot - (r === s ? 1 : 0)) > 1e-6) return false;
  }
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) > 0;
}
