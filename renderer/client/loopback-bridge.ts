/** @file The bridge over a WebSocket to the loopback server. It connects again by itself; what was asked meanwhile waits. */
import { answerMessage, type Bridge, type EngineEvent, type EngineEvents, type Reply, type Method, type RequestMessage } from '../../engine/contract/engine-api';
import type { Problem, Result } from '../../engine/contract/problem';
import { decodeMessage, encodeMessage } from '../../engine/contract/wire';

const reconnectAfterMs = 1000;
/** Tries before the window says that the program behind it is gone. */
const patience = 5;

const interrupted: Problem = { code: 'engine-stopped', message: 'The connection to the engine broke while it worked on this.', remedy: 'Gyra connects again by itself; try once more in a moment.' };
const gone: Problem = { code: 'engine-stopped', message: 'The program behind this window is gone.', remedy: 'Start it again with npm start and close this window.' };

/** @param address of the server's socket, such as ws://127.0.0.1:40000/engine */
export function connectLoopback(address: string): Bridge {
  const listeners = new Map<EngineEvent, Set<(payload: unknown) => void>>();
  const pending = new Map<number, (result: Result<unknown>) => void>();
  const unsent: RequestMessage[] = [];
  let socket: WebSocket;
  let nextId = 0;
  let failures = 0;
  let wasOpen = false;

  const tell = (event: EngineEvent, payload: unknown) => listeners.get(event)?.forEach((listener) => listener(payload));

  function connect(): void {
    socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      failures = 0;
      for (const message of unsent.splice(0)) socket.send(encodeMessage(message));
      // Events were missed while it was away: the window asks again, as after a restart of the engine.
      if (wasOpen) tell('engine', { state: 'restarted' } satisfies EngineEvents['engine']);
      wasOpen = true;
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const message = answerMessage.parse(decodeMessage(new Uint8Array(data)));
      if (message.kind === 'event') return tell(message.event, message.payload);
      pending.get(message.id)?.(message.result);
      pending.delete(message.id);
    };
    socket.onclose = () => {
      for (const answer of pending.values()) answer({ ok: false, problem: failures < patience ? interrupted : gone });
      pending.clear();
      unsent.length = 0;
      if (++failures === patience) tell('engine', { state: 'failed', problem: gone } satisfies EngineEvents['engine']);
      setTimeout(connect, reconnectAfterMs);
    };
  }

  connect();
  return {
    shell: 'browser',
    call: <M extends Method>(method: M, args: unknown) =>
      new Promise<Result<Reply<M>>>((resolve) => {
        const message: RequestMessage = { kind: 'call', id: nextId++, method, args };
        // The engine's own answers are trusted to have the contract's types, as inside one process.
        pending.set(message.id, resolve as (result: Result<unknown>) => void);
        if (socket.readyState === WebSocket.OPEN) socket.send(encodeMessage(message));
        else unsent.push(message);
      }),
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener as (payload: unknown) => void));
      return () => set.delete(listener as (payload: unknown) => void);
    },
  };
}
