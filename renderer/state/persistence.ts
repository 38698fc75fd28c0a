/** @file The person's place, kept in the browser's storage between starts. Anything unreadable or newer is left alone and defaults are used. */
import { z } from 'zod';
import { planes } from '../../engine/contract/engine-api';
import { atAngle, largestAngleDegrees } from './pose';
import { usePose } from './pose-store';
import { screens, settingsSchema, useWorkspace } from './workspace';

const key = 'gyra.workspace';
const stored = z.strictObject({
  schemaVersion: z.literal(1),
  settings: settingsSchema,
  theme: z.enum(['system', 'light', 'dark']),
  screen: z.enum(screens),
  caseId: z.string().nullable(),
  pose: z.strictObject({ plane: z.enum(planes), degrees: z.number().min(0).max(largestAngleDegrees) }),
});

/** Reads the stored place into the stores; says whether there was one. */
export function restorePlace(storage: Pick<Storage, 'getItem'>): boolean {
  const text = storage.getItem(key);
  const parsed = stored.safeParse(text === null ? null : parseJson(text));
  if (!parsed.success) return false;
  const { settings, theme, screen, caseId, pose } = parsed.data;
  useWorkspace.setState({ settings, theme, screen, caseId });
  usePose.setState({ pose: atAngle(pose.plane, pose.degrees) });
  return true;
}

/** Writes the place soon after each change; returns the function that stops. A free pose is kept as the plane it will return to. */
export function keepPlace(storage: Pick<Storage, 'setItem'>, delayMs = 300): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    const { settings, theme, screen, caseId } = useWorkspace.getState();
    const { pose } = usePose.getState();
    const place: z.infer<typeof stored> = { schemaVersion: 1, settings, theme, screen, caseId, pose: { plane: pose.plane, degrees: pose.kind === 'angle' ? pose.degrees : 0 } };
    storage.setItem(key, JSON.stringify(place));
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, delayMs);
  };
  const stops = [useWorkspace.subscribe(soon), usePose.subscribe(soon)];
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
