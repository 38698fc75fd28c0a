/** @file Undo and redo over settings and poses: one step a gesture, each with the words of what it undoes. */
import { create } from 'zustand';
import type { Pose } from './pose';
import { usePose } from './pose-store';
import { useWorkspace } from './workspace';
import type { Settings } from './workspace';

interface Moment {
  /** What was done after this moment: `pose`, `opacity` ... */
  label: string;
  settings: Settings;
  pose: Pose;
}
interface History {
  past: readonly Moment[];
  future: readonly Moment[];
}
const longestHistory = 200;

export const useHistory = create<History>(() => ({ past: [], future: [] }));

/** Call before a change, once a gesture. */
export function remember(label: string): void {
  useHistory.setState(({ past }) => ({ past: [...past, now(label)].slice(-longestHistory), future: [] }));
}

/** A change of settings that can be undone. */
export function changeSettings(label: string, change: Partial<Settings>): void {
  remember(label);
  useWorkspace.setState(({ settings }) => ({ settings: { ...settings, ...change } }));
}

export const undo = (): void => step('past', 'future');
export const redo = (): void => step('future', 'past');

function step(from: keyof History, to: keyof History): void {
  const history = useHistory.getState();
  const moment = history[from].at(-1);
  if (!moment) return;
  useHistory.setState({ [from]: history[from].slice(0, -1), [to]: [...history[to], now(moment.label)] });
  useWorkspace.setState({ settings: moment.settings });
  usePose.setState({ pose: moment.pose, playing: 'no', held: false });
}

const now = (label: string): Moment => ({ label, settings: useWorkspace.getState().settings, pose: usePose.getState().pose });
