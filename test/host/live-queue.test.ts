import { describe, expect, it } from 'vitest';
import type { Segmentation } from '../../engine/contract/engine-api';
import { cancelled } from '../../engine/contract/problem';
import { createLiveQueue, type Background } from '../../engine/host/live-queue';
import { identityRotation } from '../../engine/math/rotation';

/** A compute worker whose tasks end when the test says so. */
function manualCompute() {
  const running: { task: string; modelId?: string; finish(): void; fail(error: Error): void }[] = [];
  const log: string[] = [];
  const compute = {
    run: ((task: string, args: { modelId?: string; rotation?: number[] }) =>
      new Promise((resolve, reject) => {
        log.push(`${task} ${args.modelId ?? ''}${args.rotation === undefined ? '' : `@${args.rotation[0]}`}`.trim());
        running.push({ task, modelId: args.modelId, finish: () => resolve({ rotation: args.rotation } as unknown as Segmentation), fail: reject });
      })) as never,
    cancel: () => running.at(-1)?.fail(cancelled()),
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return { compute, log, finish: async () => (running.at(-1)?.finish(), settle()), settle };
}
const silent: Background = { next: () => undefined };
/** Poses told apart by their first number. */
const pose = (number: number) => [number, ...identityRotation.slice(1)];

describe('live queue', () => {
  it('answers an older waiting request of the same model as cancelled, at once', async () => {
    const { compute, log, finish } = manualCompute();
    const queue = createLiveQueue(compute, silent);
    const first = queue.segment({ caseId: 'c', modelId: 'a', rotation: pose(0) });
    const older = queue.segment({ caseId: 'c', modelId: 'b', rotation: pose(1) });
    const newer = queue.segment({ caseId: 'c', modelId: 'b', rotation: pose(2) });
    await expect(older).rejects.toMatchObject({ code: 'cancelled' });
    await finish();
    await finish();
    await expect(first).resolves.toMatchObject({ rotation: pose(0) });
    await expect(newer).resolves.toMatchObject({ rotation: pose(2) });
    expect(log).toEqual(['segment a@0', 'segment b@2']);
  });

  it('interrupts a running request when the same model gets a newer pose', async () => {
    const { compute, log, finish } = manualCompute();
    const queue = createLiveQueue(compute, silent);
    const older = queue.segment({ caseId: 'c', modelId: 'a', rotation: pose(1) });
    const newer = queue.segment({ caseId: 'c', modelId: 'a', rotation: pose(2) });
    await expect(older).rejects.toMatchObject({ code: 'cancelled' });
    await finish();
    await expect(newer).resolves.toMatchObject({ rotation: pose(2) });
    expect(log).toEqual(['segment a@1', 'segment a@2']);
  });

  it('lets models take turns however often one of them asks', async () => {
    const { compute, log, finish, settle } = manualCompute();
    const queue = createLiveQueue(compute, silent);
    const ask = (modelId: string, number: number) => void queue.segment({ caseId: 'c', modelId, rotation: pose(number) }).catch(() => undefined);
    ask('a', 0);
    ask('b', 0);
    ask('c', 0);
    for (let number = 1; number < 4; number++) {
      ask('b', number);
      ask('c', number);
    }
    await finish();
    ask('a', 4);
    await finish();
    await finish();
    await finish();
    await settle();
    expect(log.map((line) => line[8])).toEqual(['a', 'b', 'c', 'a']);
  });

  it('opens files before it segments, and interrupts background work for both', async () => {
    const { compute, log, finish, settle } = manualCompute();
    const run = compute.run as (task: string, args: object) => Promise<unknown>;
    let pieces = 2;
    const background: Background = {
      next: () => (pieces === 0 ? undefined : () => run('background', {}).then(() => void pieces--, () => undefined)),
    };
    const queue = createLiveQueue(compute, background);
    queue.wake();
    void queue.segment({ caseId: 'c', modelId: 'a', rotation: pose(0) });
    void queue.openCase({ caseId: 'd' });
    await settle();
    for (let i = 0; i < 4; i++) await finish();
    expect(log).toEqual(['background', 'openCase', 'segment a@0', 'background', 'background']);
  });

  it('says when a live request is pending and when none is, background work not counting', async () => {
    const { compute, finish, settle } = manualCompute();
    const run = compute.run as (task: string, args: object) => Promise<unknown>;
    const said: boolean[] = [];
    const queue = createLiveQueue(compute, { next: () => () => run('background', {}).then(() => undefined, () => undefined) }, (isPending) => said.push(isPending));
    queue.wake();
    expect(said).toEqual([]);
    for (let round = 1; round <= 2; round++) {
      void queue.segment({ caseId: 'c', modelId: 'a', rotation: pose(0) });
      void queue.segment({ caseId: 'c', modelId: 'b', rotation: pose(0) });
      await settle();
      await finish();
      expect(said).toEqual([true, false, true, false].slice(0, 2 * round - 1));
      await finish();
      expect(said).toEqual([true, false, true, false].slice(0, 2 * round));
    }
  });

  it('goes on after a failure', async () => {
    const queue = createLiveQueue({ run: (() => Promise.reject(new Error('broken'))) as never, cancel: () => undefined }, silent);
    await expect(queue.openCase({ caseId: 'c' })).rejects.toThrow('broken');
    await expect(queue.openCase({ caseId: 'c' })).rejects.toThrow('broken');
  });
});
