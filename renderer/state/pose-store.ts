/** @file The present pose, and whether it moves by itself. Lives as long as the window. */
import { create } from 'zustand';
import { upright } from './pose';
import type { Pose } from './pose';

export interface PoseState {
  pose: Pose;
  /** A gesture holds the head, or it plays: results may lag behind. */
  held: boolean;
  /** `arrival` is the one turn after start; it ends at the first input. */
  playing: 'no' | 'play' | 'arrival';
}

export const usePose = create<PoseState>(() => ({ pose: upright('sagittal'), held: false, playing: 'no' }));
