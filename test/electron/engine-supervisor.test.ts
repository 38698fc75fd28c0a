import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EngineProcess, superviseEngine } from '../../electron/engine-supervisor';
import type { EventMessage, RequestMessage } from '../../engine/contract/engine-api';

/** Engine processes that do what the test says. */
function supervised() {
  const engines: { sent: RequestMessage[]; say(message: unknown): void; die(): void; killed: boolean }[] = [];
  const events: EventMessage[] = [];
  const supervisor = superviseEngine(
    () => {
      let listener: (message: unknown) => void = () => undefined;
      let exit: () => void = () => undefined;
      const engine = { sent: [] as RequestMessage[], say: (message: unknown) => listener(message), die: () => exit(), killed: false };
      engines.push(engine);
      return {
        pid: engines.length,
        send: (message) => engine.sent.push(message),
        onMessage: (given) => (listener = given),
        onExit: (given) => (exit = given),
        kill: () => (engine.killed = true),
      } satisfies EngineProcess;
    },
    (event) => events.push(event),
  );
  const states = () => events.map(({ payload }) => (payload as { state: string }).state);
  return { supervisor, engines, events, states };
}
const ready = { kind: 'event', event: 'engine', payload: { state: 'ready' } };

describe('engine supervisor', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives each call its own answer', async () => {
    const { supervisor, engines } = supervised();
    engines[0].say(ready);
    const [a, b] = [supervisor.call('status', {}), supervisor.call('listCases', {})];
    const [first, second] = engines[0].sent;
    engines[0].say({ kind: 'reply', id: second.id, result: { ok: true, value: 'b' } });
    engines[0].say({ kind: 'reply', id: first.id, result: { ok: true, value: 'a' } });
    expect([await a, await b]).toEqual([{ ok: true, value: 'a' }, { ok: true, value: 'b' }]);
  });

  it('keeps what is asked of a starting engine until it is ready', async () => {
    const { supervisor, engines } = supervised();
    void supervisor.call('status', {});
    expect(engines[0].sent).toEqual([]);
    engines[0].say(ready);
    void supervisor.call('listCases', {});
    expect(engines[0].sent.map(({ method }) => method)).toEqual(['status', 'listCases']);
    const unheard = supervisor.call('status', {});
    engines[0].die();
    expect(await unheard).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    vi.advanceTimersByTime(0);
    engines[1].say(ready);
    expect(engines[1].sent).toEqual([]);
  });

  it('starts a dead engine again, fails what was asked and says so once the new one is ready', async () => {
    const { supervisor, engines, states } = supervised();
    engines[0].say(ready);
    const lost = supervisor.call('status', {});
    vi.advanceTimersByTime(60_000);
    engines[0].die();
    expect(await lost).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    expect(await supervisor.call('status', {})).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    vi.advanceTimersByTime(0);
    expect(supervisor.pid).toBe(2);
    engines[1].say(ready);
    expect(states()).toEqual(['starting', 'ready', 'restarted']);
    void supervisor.call('status', {});
    expect(engines[1].sent).toHaveLength(1);
  });

  it('pauses longer and longer while the engine dies at once, and says that it fails', () => {
    const { engines, states } = supervised();
    const pausesMs: number[] = [];
    for (let life = 1; life < 6; life++) {
      engines.at(-1)!.die();
      let pauseMs = 0;
      vi.advanceTimersByTime(0);
      while (engines.length === life) {
        vi.advanceTimersByTime(100);
        pauseMs += 100;
      }
      pausesMs.push(pauseMs);
    }
    expect(pausesMs).toEqual([0, 500, 1000, 2000, 4000]);
    expect(states()).toContain('failed');
  });

  it('ignores what is not a message, and what a dead engine still says', async () => {
    const { supervisor, engines, events } = supervised();
    const call = supervisor.call('status', {});
    for (const message of [null, 'text', { kind: 'event', event: 'unknown', payload: 1 }, { kind: 'reply', id: -1, result: 1 }]) engines[0].say(message);
    engines[0].die();
    vi.advanceTimersByTime(0);
    engines[0].say({ kind: 'reply', id: 0, result: { ok: true, value: 'late' } });
    expect(await call).toMatchObject({ ok: false });
    expect(events).toHaveLength(1);
  });

  it('does not start an engine again that was stopped', () => {
    const { supervisor, engines } = supervised();
    supervisor.stop();
    expect(engines[0].killed).toBe(true);
    engines[0].die();
    vi.advanceTimersByTime(60_000);
    expect(engines).toHaveLength(1);
  });
});
