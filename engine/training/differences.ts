/** @file Where two specs differ, field by field. */

export interface Difference {
  /** As in --set: `optimiser.learningRate`. */
  readonly field: string;
  /** As JSON; `absent` where there is none. */
  readonly before: string;
  readonly now: string;
}

/** Fields of plain data whose values differ, in the order of `after` and then of `before`; lists are compared whole. */
export function differences(before: unknown, after: unknown, field = ''): Difference[] {
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(after), ...Object.keys(before)])].flatMap((key) => differences(before[key], after[key], field ? `${field}.${key}` : key));
  const [was, now] = [before, after].map((value) => JSON.stringify(value) ?? 'absent') as [string, string];
  return was === now ? [] : [{ field, before: was, now }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
