import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenCase } from '../../../engine/contract/engine-api';
import { Workbench } from '../../../renderer/client/workbench';
import { upright, atAngle } from '../../../renderer/state/pose';
import { usePose } from '../../../renderer/state/pose-store';
import { useSession } from '../../../renderer/state/session';
import { defaultWorkspace, useWorkspace } from '../../../renderer/state/workspace';
import { fakeEngine, type FakeEngine } from '../support/fake-bridge';

/** A block of two structures in the middle of a small canvas. */
function smallCase(id: string): OpenCase {
  const canvasShape = [12, 12, 12] as const;
  const reference = new Uint8Array(12 ** 3).map((_, at) => {
    const [x, y, z] = [at % 12, Math.floor(at / 12) % 12, Math.floor(at / 144)];
    return x > 3 && x < 8 && y > 1 && y < 10 && z > 3 && z < 8 ? (y < 6 ? 1 : 2) : 0;
  });
  return { id, name: id, split: 'test', fileShape: [10, 10, 10], spacingMm: [1, 1, 1], orientation: 'RAS', canvasShape, image: Float32Array.from(reference), fill: 0, window: [0, 2], reference, structures: [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }], notices: [] };
}

let engine: FakeEngine;
let workbench: Workbench;
const methodsCalled = () => engine.calls.map(({ method }) => method);
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(async () => {
  vi.useFakeTimers();
  useSession.setState(useSession.getInitialState(), true);
  useWorkspace.setState(defaultWorkspace, true);
  usePose.setState({ pose: upright('sagittal'), held: false, playing: 'no' }, true);
  engine = fakeEngine({ cases: [smallCase('one'), smallCase('two')] });
  workbench = new Workbench(engine.bridge);
  void workbench.start();
  await passMs(50);
});
afterEach(() => {
  workbench.stop();
  vi.useRealTimers();
});

describe('the workbench', () => {
  it('opens the first case and segments it by both models', async () => {
    expect(useSession.getState()).toMatchObject({ open: { id: 'one' }, engine: { state: 'ready' } });
    expect(Object.keys(useSession.getState().segmentations).sort()).toEqual(['falling', 'steady']);
  });

  it('has the curve of the case computed once the head rests, and cancels it when the plane changes', async () => {
    await passMs(1500);
    const curve = engine.calls.find(({ method }) => method === 'startCurve');
    // Upright is known from the live segmentation and is not asked for again.
    expect(curve?.args).toMatchObject({ caseId: 'one', plane: 'sagittal', degrees: [15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180] });
    usePose.setState({ pose: atAngle('axial', 30) });
    await passMs(5000);
    expect(methodsCalled().filter((method) => method === 'startCurve')).toHaveLength(2);
    expect(methodsCalled().filter((method) => method === 'cancelJob').length).toBeLessThanOrEqual(1);
    expect(useSession.getState().visits.filter(({ modelId, pose }) => modelId === 'steady' && pose.kind === 'angle' && pose.plane === 'axial').length).toBeGreaterThan(10);
  });

  it('does not start a curve again that was cancelled by hand', async () => {
    await passMs(1100);
    const { jobs } = useSession.getState();
    expect(jobs).toHaveLength(1);
    await workbench.cancelJob(jobs[0].jobId);
    await passMs(3000);
    usePose.setState({ pose: atAngle('sagittal', 30) });
    await passMs(3000);
    expect(methodsCalled().filter((method) => method === 'startCurve')).toHaveLength(1);
    expect(useSession.getState().jobs[0].state).toBe('cancelled');
  });

  it('does not rest while the head is held', async () => {
    usePose.setState({ held: true, pose: atAngle('sagittal', 10) });
    await passMs(5000);
    expect(methodsCalled()).not.toContain('startCurve');
  });

  it('shows a refused file as a notice and keeps the case', async () => {
    await Promise.all([workbench.openFiles([{ name: 'letter.txt', bytes: new Uint8Array(3) }]), passMs(50)]);
    expect(useSession.getState()).toMatchObject({ open: { id: 'one' }, opening: null, notices: [{ kind: 'error', message: 'letter.txt is not a NIfTI volume.', remedy: 'Choose a .nii or .nii.gz file.' }] });
  });

  it('says nothing about a curve that was left because another case was opened', async () => {
    await passMs(1100);
    expect(useSession.getState().jobs).toHaveLength(1);
    await Promise.all([workbench.openCase('two'), passMs(100)]);
    expect(useSession.getState().jobs).toEqual([]);
  });

  it('of two openings shows the newer one', async () => {
    await Promise.all([workbench.openCase('two'), workbench.openCase('one'), workbench.openCase('two'), passMs(50)]);
    expect(useSession.getState().open?.id).toBe('two');
    expect(useWorkspace.getState().caseId).toBe('two');
  });

  it('after the engine was started again opens the case at the same pose and keeps the visits', async () => {
    usePose.setState({ pose: atAngle('sagittal', 45) });
    await passMs(500);
    const { visits } = useSession.getState();
    engine.calls.length = 0;
    engine.tell('engine', { state: 'restarted' });
    await passMs(500);
    expect(methodsCalled().slice(0, 4)).toEqual(['status', 'listCases', 'listModels', 'openCase']);
    expect(engine.calls.filter(({ method }) => method === 'segment')).toHaveLength(2);
    expect(useSession.getState().visits).toHaveLength(visits.length);
    expect(usePose.getState().pose).toEqual(atAngle('sagittal', 45));
    expect(useSession.getState().notices.map(({ message }) => message)).toEqual(['The engine ended and was started again.']);
  });

  it('steps through the cases round the end', async () => {
    await Promise.all([workbench.stepCase(-1), passMs(50)]);
    expect(useSession.getState().open?.id).toBe('two');
    await Promise.all([workbench.stepCase(1), passMs(50)]);
    expect(useSession.getState().open?.id).toBe('one');
    expect(useSession.getState().visits.every(({ pose }) => pose.kind === 'angle' && pose.degrees === 0)).toBe(true);
  });
});
