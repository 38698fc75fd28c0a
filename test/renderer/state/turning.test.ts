import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rotationAbout } from '../../../engine/math/rotation';
import { undo, useHistory } from '../../../renderer/state/history';
import { angleShown, atAngle, upright } from '../../../renderer/state/pose';
import { usePose } from '../../../renderer/state/pose-store';
import { dragBy, dragToAngle, endGesture, goTo, pickPlane, playOrPause, startGesture, stepBy, stepToRightAngle, stopPlaying, turnOnArrival } from '../../../renderer/state/turning';

const angle = () => angleShown(usePose.getState().pose);
const undoSteps = () => useHistory.getState().past.length;
let prefersStillness: boolean;
let frames: ((nowMs: number) => void)[];
/** One animation frame at a time of the page. */
const frameAt = (nowMs: number) => frames.splice(0).forEach((frame) => frame(nowMs));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.advanceTimersByTime(10_000);
  prefersStillness = false;
  frames = [];
  vi.stubGlobal('window', { matchMedia: () => ({ matches: prefersStillness }) });
  vi.stubGlobal('document', { hidden: false });
  vi.stubGlobal('requestAnimationFrame', (frame: (nowMs: number) => void) => frames.push(frame));
  usePose.setState({ pose: upright('sagittal'), held: false, playing: 'no' }, true);
  useHistory.setState({ past: [], future: [] }, true);
});
afterEach(() => {
  stopPlaying();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('turning the head', () => {
  it('by a drag is one step of undo and snaps to 15 degrees on demand', () => {
    startGesture();
    for (const degrees of [3, 20, 37]) dragToAngle(degrees, false);
    expect([angle(), usePose.getState().held]).toEqual([37, true]);
    dragToAngle(37, true);
    endGesture();
    expect([angle(), usePose.getState().held, undoSteps()]).toEqual([30, false, 1]);
    undo();
    expect(angle()).toBe(0);
  });

  it('by the trackball leaves the plane, counting from where the drag began', () => {
    startGesture();
    dragBy(rotationAbout([0, 1, 1], 10));
    dragBy(rotationAbout([0, 1, 1], 25));
    endGesture();
    const { pose } = usePose.getState();
    expect(pose).toMatchObject({ kind: 'free', plane: 'sagittal' });
    pickPlane('coronal');
    expect(usePose.getState().pose).toMatchObject({ kind: 'angle', plane: 'coronal' });
    expect(angle()).toBeGreaterThan(15);
  });

  it('by a held key is one step of undo; a second later it is another', () => {
    for (let press = 0; press < 5; press++) stepBy(1);
    expect([angle(), undoSteps()]).toEqual([5, 1]);
    vi.advanceTimersByTime(1500);
    stepBy(15);
    expect([angle(), undoSteps()]).toEqual([20, 2]);
  });

  it('goes to the next right angle and stays on the dial', () => {
    goTo(atAngle('axial', 100));
    stepToRightAngle(-1);
    expect(angle()).toBe(90);
    stepToRightAngle(1);
    stepToRightAngle(1);
    expect(angle()).toBe(180);
  });
});

describe('play', () => {
  it('sweeps to the end and back until paused', () => {
    goTo(atAngle('sagittal', 170));
    playOrPause();
    frameAt(0);
    frameAt(500);
    expect(angle()).toBeGreaterThan(175);
    frameAt(1000);
    expect(angle()).toBeLessThan(170);
    playOrPause();
    frameAt(2000);
    expect([usePose.getState().playing, frames.length]).toEqual(['no', 0]);
  });

  it('steps by 15 degrees where motion is unwanted', () => {
    prefersStillness = true;
    playOrPause();
    expect([angle(), usePose.getState().playing, frames.length]).toEqual([15, 'no', 0]);
  });
});

describe('the turn on arrival', () => {
  it('goes there, waits for the models, comes back and rests', () => {
    let isSegmented = false;
    turnOnArrival(() => isSegmented);
    frameAt(0);
    frameAt(3500);
    frameAt(60_000);
    expect([angle(), usePose.getState().playing]).toEqual([90, 'arrival']);
    isSegmented = true;
    frameAt(60_100);
    frameAt(62_600);
    expect(angle()).toBeGreaterThan(0);
    expect(angle()).toBeLessThan(90);
    frameAt(70_000);
    expect([angle(), usePose.getState().playing, frames.length]).toEqual([0, 'no', 0]);
    expect(undoSteps()).toBe(0);
  });

  it('ends where somebody stops it, and does not begin where motion is unwanted', () => {
    turnOnArrival(() => true);
    frameAt(0);
    frameAt(1700);
    const stopped = angle();
    stopPlaying();
    frameAt(1800);
    expect([angle(), stopped > 10]).toEqual([stopped, true]);
    prefersStillness = true;
    turnOnArrival(() => true);
    expect(usePose.getState().playing).toBe('no');
  });
});
