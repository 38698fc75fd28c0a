import { describe, expect, it } from 'vitest';
import type { Segmentation } from '../../../engine/contract/engine-api';
import type { Problem, Result } from '../../../engine/contract/problem';
import { planeRotation } from '../../../engine/math/rotation';
import { LiveSegmentation, type SegmentationRequest } from '../../../renderer/client/live-segmentation';

/** An engine that answers when told to. */
function controlled() {
  const sent: { request: SegmentationRequest; answer: (result: Result<Segmentation>) => void }[] = [];
  const arrived: SegmentationRequest[] = [];
  const failed: Problem[] = [];
  const live = new LiveSegmentation(
    (request) => new Promise((answer) => sent.push({ request, answer })),
    (segmentation) => arrived.push(segmentation),
    (_request, problem) => failed.push(problem),
  );
  const answer = async (index: number, problem?: Problem) => {
    const { request, answer: reply } = sent[index];
    reply(problem ? { ok: false, problem } : { ok: true, value: { ...request, shape: [1, 1, 1], labels: new Uint8Array(1), scores: [], meanDice: null, milliseconds: 1 } });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { live, sent, arrived, failed, answer };
}
const at = (degrees: number, modelId = 'a', caseId = 'case'): SegmentationRequest => ({ caseId, modelId, rotation: planeRotation('axial', degrees) });

describe('live segmentation', () => {
  it('has one request on its way and one wanted while the head moves: poses in between are never sent', async () => {
    const { live, sent, answer, arrived } = controlled();
    for (const degrees of [10, 20, 30, 40]) live.want(at(degrees), false);
    expect(sent.map(({ request }) => request)).toEqual([at(10)]);
    await answer(0);
    expect(sent.map(({ request }) => request)).toEqual([at(10), at(40)]);
    await answer(1);
    expect(arrived.map(({ rotation }) => rotation)).toEqual([at(10).rotation, at(40).rotation]);
    expect(live.isSettled('a')).toBe(true);
  });

  it('does not wait for the older one when the head rests elsewhere, and drops its answer', async () => {
    const { live, sent, answer, arrived } = controlled();
    live.want(at(10), false);
    live.want(at(50), true);
    expect(sent.map(({ request }) => request)).toEqual([at(10), at(50)]);
    await answer(1);
    await answer(0);
    expect(arrived.map(({ rotation }) => rotation)).toEqual([at(50).rotation]);
  });

  it('sends a pose once: not again while it is on its way or after it arrived', async () => {
    const { live, sent, answer } = controlled();
    live.want(at(10), false);
    live.want(at(10), true);
    await answer(0);
    live.want(at(10), true);
    expect(sent).toHaveLength(1);
    live.forget();
    live.want(at(10), true);
    expect(sent).toHaveLength(2);
  });

  it('goes back to the pose on its way without a second request', () => {
    const { live, sent } = controlled();
    live.want(at(10), false);
    live.want(at(20), false);
    live.want(at(10), false);
    expect(sent).toHaveLength(1);
  });

  it('keeps models apart, and a case from the one before', async () => {
    const { live, sent, answer, arrived } = controlled();
    live.want(at(10, 'a'), false);
    live.want(at(10, 'b'), false);
    live.want(at(10, 'b', 'other'), false);
    expect(sent).toHaveLength(3);
    await answer(1);
    await answer(2);
    expect(arrived.map(({ caseId, modelId }) => `${caseId} ${modelId}`)).toEqual(['other b']);
  });

  it('reports failures, but not what was cancelled or lost with the engine', async () => {
    const { live, answer, failed } = controlled();
    const problem = (code: Problem['code']): Problem => ({ code, message: code, remedy: '' });
    live.want(at(10), true);
    await answer(0, problem('cancelled'));
    live.want(at(20), true);
    await answer(1, problem('engine-stopped'));
    live.want(at(30), true);
    await answer(2, problem('bad-input'));
    expect(failed.map(({ code }) => code)).toEqual(['bad-input']);
  });
});
