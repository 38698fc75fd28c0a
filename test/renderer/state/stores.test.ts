import { beforeEach, describe, expect, it, vi } from 'vitest';
import { rotationAbout } from '../../../engine/math/rotation';
import { changeSettings, redo, remember, undo, useHistory } from '../../../renderer/state/history';
import { keepPlace, restorePlace } from '../../../renderer/state/persistence';
import { atAngle, rotationOf, sameRotation, turnedBy, upright } from '../../../renderer/state/pose';
import { usePose } from '../../../renderer/state/pose-store';
import { defaultWorkspace, useWorkspace } from '../../../renderer/state/workspace';

function memoryStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

beforeEach(() => {
  useWorkspace.setState(defaultWorkspace, true);
  usePose.setState({ pose: upright('sagittal'), held: false, playing: 'no' }, true);
  useHistory.setState({ past: [], future: [] }, true);
});

describe('undo', () => {
  it('takes back settings and poses in one order, and redo brings them again', () => {
    changeSettings('layout', { layout: '3d' });
    remember('pose 0.0° sagittal');
    usePose.setState({ pose: atAngle('axial', 40) });
    undo();
    expect(usePose.getState().pose).toEqual(upright('sagittal'));
    expect(useWorkspace.getState().settings.layout).toBe('3d');
    undo();
    expect(useWorkspace.getState().settings.layout).toBe('both');
    expect(useHistory.getState().future.map(({ label }) => label)).toEqual(['pose 0.0° sagittal', 'layout']);
    redo();
    redo();
    expect(usePose.getState().pose).toEqual(atAngle('axial', 40));
    expect(useWorkspace.getState().settings.layout).toBe('3d');
  });

  it('forgets what was undone once something new is done, and does nothing at the end', () => {
    changeSettings('layout', { layout: '3d' });
    undo();
    undo();
    changeSettings('opacity', { opacity: 0.3 });
    expect(useHistory.getState().future).toEqual([]);
    redo();
    expect(useWorkspace.getState().settings).toMatchObject({ layout: 'both', opacity: 0.3 });
  });
});

describe('the place', () => {
  it('is found again after a restart', () => {
    vi.useFakeTimers();
    const storage = memoryStorage();
    const stop = keepPlace(storage, 100);
    useWorkspace.setState({ theme: 'light', caseId: 'hippocampus_008', screen: 'train' });
    changeSettings('layout', { layout: 'slices', modelIds: ['a', 'b', 'c'] });
    usePose.setState({ pose: atAngle('coronal', 75.5) });
    vi.advanceTimersByTime(200);
    stop();
    vi.useRealTimers();

    useWorkspace.setState(defaultWorkspace, true);
    usePose.setState({ pose: upright('sagittal') });
    expect(restorePlace(storage)).toBe(true);
    expect(useWorkspace.getState()).toMatchObject({ theme: 'light', caseId: 'hippocampus_008', screen: 'train', settings: { layout: 'slices', modelIds: ['a', 'b', 'c'] } });
    expect(usePose.getState().pose).toEqual(atAngle('coronal', 75.5));
  });

  it('includes a pose off the dial', () => {
    vi.useFakeTimers();
    const storage = memoryStorage();
    const stop = keepPlace(storage, 0);
    const pose = turnedBy(upright('axial'), rotationAbout([1, 2, 2], 50));
    usePose.setState({ pose });
    vi.advanceTimersByTime(10);
    stop();
    vi.useRealTimers();
    usePose.setState({ pose: upright('sagittal') });
    restorePlace(storage);
    expect(usePose.getState().pose.plane).toBe('axial');
    expect(sameRotation(rotationOf(usePose.getState().pose), rotationOf(pose))).toBe(true);
  });

  it.each([
    ['nothing', null],
    ['no JSON', '{'],
    ['a newer version', JSON.stringify({ schemaVersion: 2 })],
    ['a wrong value', JSON.stringify({ schemaVersion: 1, settings: { ...defaultWorkspace.settings, opacity: 7 }, theme: 'dark', screen: 'explore', caseId: null, pose: { kind: 'angle', plane: 'axial', degrees: 3 } })],
  ])('is the default when the storage holds %s', (_what, text) => {
    expect(restorePlace({ getItem: () => text })).toBe(false);
    expect(useWorkspace.getState()).toEqual(defaultWorkspace);
  });
});
