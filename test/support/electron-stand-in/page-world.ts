/** @file Runs in the page's own world before its scripts: builds what the preload exposes. */
import type { Argument, Described, WorldEvents } from './world-values';

/** @param secret the name under which the two worlds speak */
export function open(secret: string): void {
  const callbacks: ((...values: unknown[]) => unknown)[] = [];
  const promises = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let answer: WorldEvents['toPage'] | undefined;

  const describeArgument = (value: unknown): Argument => (typeof value === 'function' ? { callback: callbacks.push(value as (...values: unknown[]) => unknown) - 1 } : { value });

  function call(index: number, args: unknown[]): unknown {
    const detail: WorldEvents['toPreload'] = { call: index, args: args.map(describeArgument) };
    // The preload's listener runs at once and leaves its answer.
    document.dispatchEvent(new CustomEvent(`${secret}-to-preload`, { detail }));
    if (answer && 'promise' in answer) {
      const { promise } = answer;
      return new Promise((resolve, reject) => promises.set(promise, { resolve, reject }));
    }
    if (answer && 'thrown' in answer) throw new Error(answer.thrown);
    return answer && 'returned' in answer ? build(answer.returned) : undefined;
  }

  function build(described: Described): unknown {
    if ('called' in described) return (...args: unknown[]) => call(described.called, args);
    if ('members' in described) return Object.freeze(Object.fromEntries(Object.entries(described.members).map(([name, member]) => [name, build(member)])));
    return described.value;
  }

  document.addEventListener(`${secret}-to-page`, (event) => {
    const { detail } = event as CustomEvent<WorldEvents['toPage']>;
    if ('expose' in detail) Object.defineProperty(window, detail.expose, { value: build(detail.value), enumerable: true });
    else if ('callback' in detail) callbacks[detail.callback](...detail.values);
    else if ('settled' in detail) {
      const promise = promises.get(detail.settled);
      promises.delete(detail.settled);
      if ('error' in detail) promise?.reject(new Error(detail.error));
      else promise?.resolve(build(detail.value));
    } else answer = detail;
  });
}
