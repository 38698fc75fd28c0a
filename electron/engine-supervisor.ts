/** @file Keeps one engine process running for a shell: numbers its calls, starts it again when it dies, tells the window. */
import { answerMessage, type EngineEvents, type EngineEvent, type EventMessage, type Method, type RequestMessage } from '../engine/contract/engine-api';
import type { Problem, Result } from '../engine/contract/problem';

/** A running engine process, whichever way the shell starts one. */
export interface EngineProcess {
  readonly pid: number | undefined;
  send(message: RequestMessage): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: () => void): void;
  kill(): void;
}

export interface EngineSupervisor {
  /** Never rejects: an engine that stops answers `engine-stopped`. */
  call(method: Method, args: unknown): Promise<Result<unknown>>;
  /** Process id of the engine that runs now. */
  readonly pid: number | undefined;
  stop(): void;
}

/** An engine that lives shorter than this died of its own start. */
const shortLifeMs = 5000;
const longestPauseMs = 30_000;

const stopped: Problem = { code: 'engine-stopped', message: 'The engine stopped while it worked on this.', remedy: 'It is being started again; try once more in a moment.' };
const dying: Problem = { code: 'engine-stopped', message: 'The engine stops as soon as it is started.', remedy: 'Gyra keeps trying. Close other programs if memory is short, or start Gyra again.' };

/** Starts an engine now, and again after each death: at once, or after a pause that doubles while it keeps dying at once. What is asked before it is ready waits for it. */
export function superviseEngine(start: () => EngineProcess, tell: (message: EventMessage) => void): EngineSupervisor {
  const pending = new Map<number, (result: Result<unknown>) => void>();
  /** Sent once the engine is ready; a process that still loads its modules may lose messages. */
  let unsent: RequestMessage[] | null = [];
  let current: EngineProcess | null = null;
  let nextId = 0;
  let shortLives = 0;
  let started = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const say = <E extends EngineEvent>(event: E, payload: EngineEvents[E]) => tell({ kind: 'event', event, payload });

  function launch(): void {
    const engine = start();
    const bornMs = Date.now();
    const isRestart = started++ > 0;
    current = engine;
    unsent = [];
    if (!isRestart) say('engine', { state: 'starting' });
    engine.onMessage((message) => {
      const parsed = answerMessage.safeParse(message);
      if (!parsed.success || engine !== current) return;
      if (parsed.data.kind === 'reply') {
        pending.get(parsed.data.id)?.(parsed.data.result);
        pending.delete(parsed.data.id);
      } else if (parsed.data.event === 'engine') {
        const payload = parsed.data.payload as EngineEvents['engine'];
        unsent?.forEach((request) => engine.send(request));
        unsent = null;
        say('engine', isRestart && payload.state === 'ready' ? { ...payload, state: 'restarted' } : payload);
      } else tell(parsed.data);
    });
    engine.onExit(() => {
      if (engine !== current) return;
      current = null;
      for (const answer of pending.values()) answer({ ok: false, problem: stopped });
      pending.clear();
      if (ended) return;
      shortLives = Date.now() - bornMs < shortLifeMs ? shortLives + 1 : 0;
      if (shortLives >= 3) say('engine', { state: 'failed', problem: dying });
      timer = setTimeout(launch, shortLives < 2 ? 0 : Math.min(longestPauseMs, 500 * 2 ** (shortLives - 2)));
    });
  }

  launch();
  return {
    call: (method, args) =>
      new Promise((answer) => {
        if (!current) return answer({ ok: false, problem: stopped });
        const id = nextId++;
        pending.set(id, answer);
        const request: RequestMessage = { kind: 'call', id, method, args };
        if (unsent) unsent.push(request);
        else current.send(request);
      }),
    get pid() {
      return current?.pid;
    },
    stop() {
      ended = true;
      clearTimeout(timer);
      current?.kill();
    },
  };
}
