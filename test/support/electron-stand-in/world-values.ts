/** @file How a value crosses between the page and its isolated world, as contextBridge lets it: data by copy, functions as numbers to call. */

export type Described = { value: unknown } | { called: number } | { members: Record<string, Described> };
export type Argument = { value: unknown } | { callback: number };

/** Details of the events between the two worlds. */
export interface WorldEvents {
  toPreload: { call: number; args: Argument[] };
  toPage:
    | { expose: string; value: Described }
    | { returned: Described }
    | { promise: number }
    | { thrown: string }
    | { settled: number; value: Described }
    | { settled: number; error: string }
    | { callback: number; values: unknown[] };
}

/** Functions inside are remembered in `functions` and become their index. */
export function describeValue(value: unknown, functions: ((...args: unknown[]) => unknown)[]): Described {
  if (typeof value === 'function') return { called: functions.push(value as (...args: unknown[]) => unknown) - 1 };
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  const holdsFunctions = isPlain && Object.values(value).some((member) => typeof member === 'function');
  if (!holdsFunctions) return { value };
  return { members: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, describeValue(member, functions)])) };
}
