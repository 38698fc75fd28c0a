/** @file Runs in the page's isolated world: the `electron` module that a sandboxed preload can require. */
import { decodeMessage, encodeMessage } from '../../../engine/contract/wire';
import { describeValue, type Described, type WorldEvents } from './world-values';

declare const standInSend: (payload: string) => void;

type Listener = (event: object, ...args: unknown[]) => void;
type Incoming = { id: number; value?: unknown; error?: string } | { channel: string; args: unknown[] };

const listeners = new Map<string, Set<Listener>>();
const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let nextId = 0;

/** The preload's `require`. */
export function open(secret: string): (name: string) => object {
  const functions: ((...args: unknown[]) => unknown)[] = [];
  const emit = (detail: WorldEvents['toPage']) => document.dispatchEvent(new CustomEvent(`${secret}-to-page`, { detail }));
  const describe = (value: unknown): Described => describeValue(value, functions);

  document.addEventListener(`${secret}-to-preload`, (event) => {
    const { call, args } = (event as CustomEvent<WorldEvents['toPreload']>).detail;
    const given = args.map((argument) => ('callback' in argument ? (...values: unknown[]) => emit({ callback: argument.callback, values }) : argument.value));
    try {
      const result = functions[call](...given);
      if (!(result instanceof Promise)) return emit({ returned: describe(result) });
      const promise = nextId++;
      emit({ promise });
      result.then(
        (value) => emit({ settled: promise, value: describe(value) }),
        (error: Error) => emit({ settled: promise, error: error.message }),
      );
    } catch (error) {
      emit({ thrown: (error as Error).message });
    }
  });

  const modules: Record<string, object> = {
    electron: {
      contextBridge: { exposeInMainWorld: (name: string, value: unknown) => emit({ expose: name, value: describe(value) }) },
      ipcRenderer: {
        invoke: (channel: string, ...args: unknown[]) =>
          new Promise((resolve, reject) => {
            const id = nextId++;
            pending.set(id, { resolve, reject });
            standInSend(toBase64(encodeMessage({ id, channel, args })));
          }),
        on: (channel: string, listener: Listener) => void listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener)),
        off: (channel: string, listener: Listener) => void listeners.get(channel)?.delete(listener),
      },
    },
  };
  return (name) => {
    if (!modules[name]) throw new Error(`module not found: ${name}`);
    return modules[name];
  };
}

/** Called by the main process. */
export function receive(payload: string): void {
  const message = decodeMessage(fromBase64(payload)) as Incoming;
  if ('channel' in message) return listeners.get(message.channel)?.forEach((listener) => listener({}, ...message.args));
  const waiting = pending.get(message.id);
  pending.delete(message.id);
  if (message.error !== undefined) waiting?.reject(new Error(message.error));
  else waiting?.resolve(message.value);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
