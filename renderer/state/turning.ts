/** @file Every way to turn the head ends here: gestures, keys, play. A gesture is one step of undo. */
import type { Plane, RotationMatrix } from '../../engine/contract/engine-api';
import { largestAngleDegrees } from '../../engine/math/rotation';
import { remember } from './history';
import { angleShown, atAngle, inPlane, nextRightAngle, poseText, turnedBy, upright } from './pose';
import type { Pose } from './pose';
import { usePose } from './pose-store';

const playDegreesPerSecond = 24;
const arrivalTopDegrees = 90;
const arrivalSwingMs = 3500;
const arrivalPauseMs = 700;
const snapDegrees = 15;

let poseAtStart: Pose | null = null;

/** A drag begins: play ends, and undo comes back to here. */
export function startGesture(): void {
  stopPlaying();
  const { pose } = usePose.getState();
  remember(`pose ${poseText(pose)}`);
  poseAtStart = pose;
  usePose.setState({ held: true });
}
export function endGesture(): void {
  poseAtStart = null;
  usePose.setState({ held: false });
}
/** During a drag along the dial or the rail. */
export const dragToAngle = (degrees: number, isSnapping: boolean): void => {
  const { pose } = usePose.getState();
  usePose.setState({ pose: atAngle(pose.plane, isSnapping ? Math.round(degrees / snapDegrees) * snapDegrees : degrees) });
};
/** During a drag of the trackball: the rotation since the drag began. */
export const dragBy = (sinceStart: RotationMatrix): void => {
  if (poseAtStart) usePose.setState({ pose: turnedBy(poseAtStart, sinceStart) });
};

/** A turn in one go, that undo takes back. */
export function goTo(pose: Pose): void {
  stopPlaying();
  remember(`pose ${poseText(usePose.getState().pose)}`);
  usePose.setState({ pose });
}

let lastStepMs = 0;
/** Steps within a second of each other, as a held key makes them, are one step of undo. */
export function stepBy(degrees: number): void {
  const { pose } = usePose.getState();
  const next = atAngle(pose.plane, angleShown(pose) + degrees);
  const now = performance.now();
  if (now - lastStepMs > 1000) goTo(next);
  else usePose.setState({ pose: next });
  lastStepMs = now;
}
export function stepToRightAngle(step: 1 | -1): void {
  const { pose } = usePose.getState();
  const quarters = angleShown(pose) / 90;
  goTo(atAngle(pose.plane, 90 * (step > 0 ? Math.floor(quarters) + 1 : Math.ceil(quarters) - 1)));
}
export const stepThroughRightAngles = (step: 1 | -1): void => goTo(nextRightAngle(usePose.getState().pose, step));
export const pickPlane = (plane: Plane): void => goTo(inPlane(usePose.getState().pose, plane));
export const goUpright = (): void => goTo(upright(usePose.getState().pose.plane));

const prefersStillness = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Sweeps to and fro over the plane until stopped; under reduced motion one step of 15 degrees. */
export function playOrPause(): void {
  if (usePose.getState().playing === 'play') return stopPlaying();
  stopPlaying();
  const { pose } = usePose.getState();
  const start = angleShown(pose);
  if (prefersStillness()) return goTo(atAngle(pose.plane, start >= largestAngleDegrees ? 0 : start + snapDegrees));
  remember(`pose ${poseText(pose)}`);
  animate('play', (elapsedMs) => {
    const along = (start + (elapsedMs / 1000) * playDegreesPerSecond) % (2 * largestAngleDegrees);
    return along <= largestAngleDegrees ? along : 2 * largestAngleDegrees - along;
  });
}

/**
 * The one turn after start, there and back, so that the first look already shows what this is about.
 * @param isSegmented whether every model has answered at this pose: the turn waits for that at its far end
 */
export function turnOnArrival(isSegmented: (pose: Pose) => boolean): void {
  if (prefersStillness() || document.hidden) return;
  const swing = (share: number) => (arrivalTopDegrees * (1 - Math.cos(Math.PI * share))) / 2;
  let backFromMs: number | null = null;
  animate('arrival', (elapsedMs) => {
    if (elapsedMs < arrivalSwingMs) return swing(elapsedMs / arrivalSwingMs);
    if (backFromMs === null && isSegmented(usePose.getState().pose)) backFromMs = elapsedMs + arrivalPauseMs;
    if (backFromMs === null || elapsedMs < backFromMs) return arrivalTopDegrees;
    const back = (elapsedMs - backFromMs) / arrivalSwingMs;
    return back < 1 ? swing(1 - back) : null;
  });
}

export function stopPlaying(): void {
  if (usePose.getState().playing !== 'no') usePose.setState({ playing: 'no' });
}

/** Moves along the dial frame by frame until `angleAt` says null or somebody stops it. */
function animate(playing: 'play' | 'arrival', angleAt: (elapsedMs: number) => number | null): void {
  usePose.setState({ playing });
  let startMs: number | null = null;
  const frame = (nowMs: number) => {
    const state = usePose.getState();
    if (state.playing !== playing) return;
    startMs ??= nowMs;
    const degrees = angleAt(nowMs - startMs);
    usePose.setState({ pose: atAngle(state.pose.plane, degrees ?? 0), playing: degrees === null ? 'no' : playing });
    if (degrees !== null) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
