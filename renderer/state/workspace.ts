/** @file What a person has set and expects to find again: kept between starts (see persistence.ts), undoable where it is a setting. */
import { z } from 'zod';
import { create } from 'zustand';

export const screens = ['explore', 'design', 'train', 'study', 'runs', 'lessons'] as const;
export type Screen = (typeof screens)[number];
export const overlays = ['prediction', 'reference', 'disagreement'] as const;
export type Overlay = (typeof overlays)[number];
export const largestNumberOfTiles = 4;

export const settingsSchema = z.strictObject({
  /** Models side by side, in order; empty means the first two there are. */
  modelIds: z.array(z.string()).max(largestNumberOfTiles),
  layout: z.enum(['both', '3d', 'slices']),
  overlays: z.strictObject({ prediction: z.boolean(), reference: z.boolean(), disagreement: z.boolean() }),
  /** Opacity of the prediction, 0 to 1. */
  opacity: z.number().min(0).max(1),
  hiddenStructures: z.array(z.int()),
});
/** Undoable. */
export type Settings = z.infer<typeof settingsSchema>;
export type Theme = 'system' | 'light' | 'dark';

export interface Workspace {
  settings: Settings;
  theme: Theme;
  screen: Screen;
  caseId: string | null;
}

export const defaultWorkspace: Workspace = {
  settings: { modelIds: [], layout: 'both', overlays: { prediction: true, reference: true, disagreement: false }, opacity: 0.62, hiddenStructures: [] },
  theme: 'system',
  screen: 'explore',
  caseId: null,
};

export const useWorkspace = create<Workspace>(() => defaultWorkspace);
