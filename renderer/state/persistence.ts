/** @file The person's place, kept in the browser's storage between starts. Anything unreadable or newer is left alone and defaults are used. */
import { z } from 'zod';
import { planes } from '../../engine/contract/engine-api';
import { identityRotation, largestAngleDegrees } from '../../engine/math/rotation';
import { atAngle, turnedBy } from './pose';
import type { Pose } from './pose';
import { usePose } from './pose-store';
import { screens, settingsSchema, useWorkspace } from './workspace';

const key = 'gyra.workspace';
const stored = z.strictObject({
  schemaVersion: z.literal(1),
  settings: settingsSchema,
  theme: z.enum(['system', 'light', 'dark']),
  screen: z.enum(screens),
  caseId: z.string().nullable(),
  pose: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('angle'), plane: z.enum(planes), degrees: z.number().min(0).max(largestAngleDegrees) }),
    z.strictObject({ kind: z.literal('free'), plane: z.enum(planes), rotation: z.array(z.number()).length(9) }),
  ]),
});

/** Reads the stored place into the stores; says whether there was one. */
export function restorePlace(storage: Pick<Storage, 'getItem'>): boolean {
  const text = storage.getItem(key);
  const parsed = stored.safeParse(text === null ? null : parseJson(text));
  if (!parsed.success) return false;
  const { settings, theme, screen, caseId, pose } = parsed.data;
  useWorkspace.setState({ settings, theme, screen, caseId });
  usePose.setState({ pose: pose.kind === 'angle' ? atAngle(pose.plane, pose.degrees) : turnedBy(pose, identityRotation) });
  return true;
}

/** Writes the place soon after each change; returns the function that stops. */
export function keepPlace(storage: Pick<Storage, 'setItem'>, delayMs = 300): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    const { settings, theme, screen, caseId } = useWorkspace.getState();
    const place: z.input<typeof stored> = { schemaVersion: 1, settings, theme, screen, caseId, pose: copyOf(usePose.getState().pose) };
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

const copyOf = (pose: Pose): z.input<typeof stored>['pose'] => (pose.kind === 'angle' ? pose : { ...pose, rotation: [...pose.rotation] });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
