/** @file Explore: a case, its models side by side, the pose below, what is shown on the right. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ModelSummary, OpenCase } from '../../../engine/contract/engine-api';
import type { Vector3 } from '../../../engine/math/rotation';
import { isUpright, rotationOf, sameRotation } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { useSession } from '../../state/session';
import { shownModels, structuresOf } from '../../state/shown-models';
import { stopPlaying, turnOnArrival } from '../../state/turning';
import { useWorkspace } from '../../state/workspace';
import { centreOf } from '../../viewer/reslice';
import { ContextBar } from './context-bar';
import { Inspector } from './inspector';
import { ModelTile } from './model-tile';
import { PoseBand } from './pose-band';
import { PoseAnnouncer } from './pose-announcer';
import { useFirstSegmentationMark } from './first-segmentation-mark';

export function ExploreScreen() {
  const open = useSession((session) => session.open);
  const models = useSession((session) => session.models);
  const chosen = useWorkspace((workspace) => workspace.settings.modelIds);
  const layout = useWorkspace((workspace) => workspace.settings.layout);
  const shown = useMemo(() => shownModels(models, chosen), [models, chosen]);
  const structures = useMemo(() => (open ? structuresOf(open, shown) : []), [open, shown]);
  const [crosshair, setCrosshair] = useCrosshair(open);
  useArrival(shown);
  useFirstSegmentationMark(shown);
  return (
    <div className={`explore ${shown.length > 2 ? 'many' : ''}`} data-layout={layout}>
      <ContextBar shown={shown} />
      <div className="stage" style={{ '--models': Math.max(1, shown.length) }}>
        {open && crosshair && shown.map((model) => <ModelTile key={model.id} open={open} model={model} structures={structures} crosshair={crosshair} onCrosshair={setCrosshair} />)}
        {open && crosshair && shown.length === 0 && <ModelTile open={open} model={null} structures={structures} crosshair={crosshair} onCrosshair={setCrosshair} />}
        {!open && <EmptyStage />}
      </div>
      <PoseBand shown={shown} />
      <Inspector shown={shown} structures={structures} />
      <PoseAnnouncer shown={shown} />
    </div>
  );
}

function EmptyStage() {
  const opening = useSession((session) => session.opening);
  const engine = useSession((session) => session.engine);
  return (
    <div className="empty-stage" role="status">
      {opening ? <span>Opening {opening} …</span> : engine.state === 'ready' ? <span>Drop an image here, or pick a case above.</span> : <span>The engine starts …</span>}
    </div>
  );
}

/** In voxels of the upright canvas: first in the middle of what the reference marks, or of the canvas. */
function useCrosshair(open: OpenCase | null): [Vector3 | null, (point: Vector3) => void] {
  const [state, setState] = useState<{ caseId: string; point: Vector3 } | null>(null);
  const point = open && (state?.caseId === open.id ? state.point : middleOf(open));
  return [point, (next) => open && setState({ caseId: open.id, point: next })];
}

const middles = new WeakMap<OpenCase, Vector3>();
function middleOf(open: OpenCase): Vector3 {
  const known = middles.get(open) ?? labelMiddle(open) ?? centreOf(open.canvasShape);
  middles.set(open, known);
  return known;
}
function labelMiddle({ reference, canvasShape: [nx, ny] }: OpenCase): Vector3 | null {
  if (!reference) return null;
  const sum = [0, 0, 0];
  let count = 0;
  reference.forEach((label, index) => {
    if (label === 0) return;
    sum[0] += index % nx;
    sum[1] += Math.floor(index / nx) % ny;
    sum[2] += Math.floor(index / (nx * ny));
    count++;
  });
  return count === 0 ? null : [sum[0] / count, sum[1] / count, sum[2] / count];
}

/** The case turns once when it and its first segmentations are there; any input, or a hidden window, ends it. A head that was left turned stays. */
function useArrival(shown: readonly ModelSummary[]): void {
  const isReady = useSession(({ open, segmentations }) => open !== null && shown.every(({ id }) => segmentations[id]));
  const latest = useRef(shown);
  useEffect(() => {
    latest.current = shown;
  }, [shown]);
  useEffect(() => {
    if (!isReady || hasArrived) return;
    hasArrived = true;
    if (!isUpright(usePose.getState().pose)) return;
    turnOnArrival((pose) => {
      const { segmentations } = useSession.getState();
      return latest.current.every(({ id }) => segmentations[id] && sameRotation(segmentations[id].rotation, rotationOf(pose)));
    });
    const stop = () => {
      if (usePose.getState().playing === 'arrival') stopPlaying();
      for (const input of inputs) document.removeEventListener(input, stop, true);
    };
    for (const input of inputs) document.addEventListener(input, stop, true);
  }, [isReady]);
}
const inputs = ['pointerdown', 'keydown', 'wheel', 'visibilitychange', 'dragenter'] as const;
/** Once a start, also when the screen is left and opened again. */
let hasArrived = false;
