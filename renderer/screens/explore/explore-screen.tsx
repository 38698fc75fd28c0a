/** @file Explore: a case, its models side by side, the pose below, what is shown on the right. */
import { useEffect, useMemo, useState } from 'react';
import type { OpenCase } from '../../../engine/contract/engine-api';
import type { Vector3 } from '../../../engine/math/rotation';
import { isUpright } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { useSession } from '../../state/session';
import { shownModels } from '../../state/shown-models';
import { stopPlaying, turnOnArrival } from '../../state/turning';
import { useWorkspace } from '../../state/workspace';
import { centreOf } from '../../viewer/reslice';
import { ContextBar } from './context-bar';
import { Inspector } from './inspector';
import { ModelTile } from './model-tile';
import { PoseBand } from './pose-band';
import { PoseAnnouncer } from './pose-announcer';
import { useFirstSegmentationMark } from './first-segmentation-mark';

export function ExploreScreen({ turnsOnArrival }: { turnsOnArrival: boolean }) {
  const open = useSession((session) => session.open);
  const models = useSession((session) => session.models);
  const chosen = useWorkspace((workspace) => workspace.settings.modelIds);
  const layout = useWorkspace((workspace) => workspace.settings.layout);
  const shown = useMemo(() => shownModels(models, chosen), [models, chosen]);
  const [crosshair, setCrosshair] = useCrosshair(open);
  useArrival(open !== null && turnsOnArrival);
  useFirstSegmentationMark(shown);
  return (
    <div className={`explore ${shown.length > 2 ? 'many' : ''}`} data-layout={layout}>
      <ContextBar shown={shown} />
      <div className="stage" style={{ '--models': Math.max(1, shown.length) }}>
        {open && crosshair && shown.map((model) => <ModelTile key={model.id} open={open} model={model} crosshair={crosshair} onCrosshair={setCrosshair} />)}
        {open && crosshair && shown.length === 0 && <ModelTile open={open} model={null} crosshair={crosshair} onCrosshair={setCrosshair} />}
        {!open && <EmptyStage />}
      </div>
      <PoseBand shown={shown} />
      <Inspector shown={shown} />
      <PoseAnnouncer shown={shown} />
    </div>
  );
}

function EmptyStage() {
  const opening = useSession((session) => session.opening);
  const engine = useSession((session) => session.engine);
  return (
    <div className="empty-stage" role="status">
      {opening ? <span>Opening {opening} …</span> : engine.state === 'ready' ? <span>Drop a NIfTI image here, or pick a case above.</span> : <span>The engine starts …</span>}
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

/** The case turns once when it is there; any input, or a hidden window, ends it. */
function useArrival(isDue: boolean): void {
  useEffect(() => {
    // After a remount the head may already have been turned.
    if (!isDue || hasArrived || !isUpright(usePose.getState().pose)) return;
    hasArrived = true;
    turnOnArrival();
    const inputs = ['pointerdown', 'keydown', 'wheel', 'visibilitychange', 'dragenter'] as const;
    const stop = () => {
      if (usePose.getState().playing === 'arrival') stopPlaying();
      for (const input of inputs) document.removeEventListener(input, stop, true);
    };
    for (const input of inputs) document.addEventListener(input, stop, true);
  }, [isDue]);
}
let hasArrived = false;
