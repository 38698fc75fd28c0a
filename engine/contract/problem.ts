/** @file A failure as a value: what happened, to which thing, and what to do. It crosses every boundary in this shape. */

export const problemCodes = ['bad-input', 'not-found', 'cancelled', 'out-of-memory', 'engine-stopped', 'internal'] as const;
export type ProblemCode = (typeof problemCodes)[number];

export interface Problem {
  readonly code: ProblemCode;
  /** Names the thing and what is wrong with it; never an absolute path. */
  readonly message: string;
  /** What the person can do about it; a full sentence. */
  readonly remedy: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The one error class of the engine: thrown inside a process, turned into a {@link Problem} at its door. */
export class GyraError extends Error implements Problem {
  override readonly name = 'GyraError';
  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

export const badInput = (message: string, remedy: string): GyraError => new GyraError('bad-input', message, remedy);
export const cancelled = (): GyraError => new GyraError('cancelled', 'This work was cancelled.', 'Start it again when you need it.');

/** Any thrown value as a problem; an unexpected one keeps its text but loses paths, which may hold a person's name. */
export function problemFrom(thrown: unknown): Problem {
  if (thrown instanceof GyraError) return { code: thrown.code, message: thrown.message, remedy: thrown.remedy };
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'internal',
    message: withoutPaths(text),
    remedy: 'This is a fault in Gyra. Try again; if it happens again, report the message above.',
  };
}

/** In quotes a path ends where they close, as its folders may have spaces in their names; without them at the first space. */
const absolutePath = /(?<=(['"`]))(?:[A-Za-z]:)?[\\/].*?(?=\1(?!\w))|(?:[A-Za-z]:)?(?:[\\/][^\s\\/:'"]+){2,}[\\/]?/g;
/** Absolute paths cut to their last part. */
export const withoutPaths = (text: string): string => text.replace(absolutePath, (path) => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path);
