import { describe, expect, it } from 'vitest';
import { cancelled } from '../../engine/contract/problem';
import { createCurveJobs, type Tell } from '../../engine/host/curve-jobs';

const request = { caseId: 'c', modelIds: ['a', 'b'], plane: 'axial' as const, degrees: [0, 90] };

/** Curve jobs over a compute worker that answers at once, unless told to be interrupted. */
function jobsWith(answer: () => Promise<unknown> = async () => ({ meanDice: 0.5, scores: [] })) {
  const said: { event: string; payload: Record<string, unknown> }[] = [];
  const tell: Tell = (event, payload) => said.push({ event, payload: payload as unknown as Record<string, unknown> });
  const asked: unknown[] = [];
  let nowMs = 0;
  const jobs = createCurveJobs({ run: ((_task: string, args: { modelId: string }) => (asked.push(args.modelId), (nowMs += 1000), answer())) as never, cancel: () => asked.push('cancel') }, tell, () => nowMs);
  const work = async () => {
    for (let piece = jobs.next(); piece; piece = jobs.next()) await piece();
  };
  const states = () => said.filter(({ event }) => event === 'job').map(({ payload }) => payload);
  return { jobs, work, said, states, asked };
}

describe('curve jobs', () => {
  it('computes all models angle by angle and reports progress and time left', async () => {
    const { jobs, work, said, states, asked } = jobsWith();
    const { jobId } = jobs.start(request);
    await work();
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
    const points = said.filter(({ event }) => event === 'curvePoint').map(({ payload }) => [payload.degrees, payload.modelId]);
    expect(points).toEqual([[0, 'a'], [0, 'b'], [90, 'a'], [90, 'b']]);
    expect(states().map(({ state }) => state)).toEqual(['queued', 'running', 'running', 'running', 'running', 'done']);
    expect(states().map(({ progress }) => progress)).toEqual([0, 0, 0.25, 0.5, 0.75, 1]);
    expect(states().map(({ secondsLeft }) => secondsLeft)).toEqual([null, null, 3, 2, 1, 0]);
    expect(states().every((state) => state.jobId === jobId)).toBe(true);
  });

  it('does an interrupted point again', async () => {
    let interrupt = true;
    const { jobs, work, states, asked } = jobsWith(async () => {
      if (interrupt) {
        interrupt = false;
        throw cancelled();
      }
      return { meanDice: 1, scores: [] };
    });
    jobs.start({ ...request, modelIds: ['a'], degrees: [10, 20] });
    await work();
    expect(asked).toEqual(['a', 'a', 'a']);
    expect(states().map(({ state }) => state)).toEqual(['queued', 'running', 'paused', 'running', 'running', 'done']);
  });

  it('stops at a cancel, also in the middle of a point', async () => {
    let finish: (() => void) | undefined;
    const { jobs, states, asked, said } = jobsWith(() => new Promise((resolve) => (finish = () => resolve({ meanDice: 1, scores: [] }))));
    const { jobId } = jobs.start(request);
    const point = jobs.next()!();
    expect(jobs.cancel(jobId)).toEqual({ cancelled: true });
    finish!();
    await point;
    expect(asked).toEqual(['a', 'cancel']);
    expect(states().at(-1)).toMatchObject({ state: 'cancelled', done: 0 });
    expect(said.some(({ event }) => event === 'curvePoint')).toBe(false);
    expect(jobs.next()).toBeUndefined();
    expect(jobs.cancel(jobId)).toEqual({ cancelled: false });
  });

  it('says why it failed and lets the next job run', async () => {
    let calls = 0;
    const { jobs, work, states } = jobsWith(async () => {
      if (++calls === 1) throw new Error('no memory');
      return { meanDice: null, scores: [] };
    });
    jobs.start({ ...request, modelIds: ['a'], degrees: [1] });
    jobs.start({ ...request, modelIds: ['a'], degrees: [2] });
    await work();
    expect(states().find(({ state }) => state === 'failed')).toMatchObject({ problem: { code: 'internal', message: 'no memory' } });
    expect(states().at(-1)).toMatchObject({ state: 'done', done: 1 });
  });
});
