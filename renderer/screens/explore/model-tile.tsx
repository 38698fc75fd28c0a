/** @file One model: its score above, the head in 3D and slices below. A model that fails leaves the others alone. */
import { TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { ModelSummary, OpenCase, Plane, Structure } from '../../../engine/contract/engine-api';
import { identityRotation, type Vector3 } from '../../../engine/math/rotation';
import { isDimmed, useHighlight } from '../../state/highlight';
import { fromRotation, poseText, rotationOf, sameRotation } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { useSession } from '../../state/session';
import { dragBy, endGesture, startGesture } from '../../state/turning';
import { useWorkspace } from '../../state/workspace';
import { computingText } from '../../ui/format';
import { structureToken, tokenRgb } from '../../ui/tokens';
import { caseBox } from '../../viewer/reslice';
import { SliceView, type SliceScene } from '../../viewer/slice-view';
import { VolumeView } from '../../viewer/volume-view';
import { Score } from './score';
import { useVolumeScene } from './use-volume-scene';

const slicePlanes: readonly Plane[] = ['axial', 'coronal', 'sagittal'];
/** A result later than this is marked as awaited. */
const patienceMs = 150;
const dimming = 0.2;

interface ModelTileProps {
  readonly open: OpenCase;
  /** Null: there is no model, the case is shown by itself. */
  readonly model: ModelSummary | null;
  readonly structures: readonly Structure[];
  readonly crosshair: Vector3;
  readonly onCrosshair: (point: Vector3) => void;
}

export function ModelTile({ open, model, structures, crosshair, onCrosshair }: ModelTileProps) {
  const pose = usePose((state) => state.pose);
  const rotation = useMemo(() => rotationOf(pose), [pose]);
  const segmentation = useSession((session) => (model ? session.segmentations[model.id] : undefined));
  const failure = useSession((session) => (model ? session.failures[model.id] : undefined));
  const { overlays, opacity, hiddenStructures, layout } = useWorkspace((workspace) => workspace.settings);
  const highlighted = useHighlight((state) => state.structure);
  const isBehind = segmentation !== undefined && !sameRotation(segmentation.rotation, rotation);
  const isStale = useDelayed(isBehind, patienceMs);

  const sliceScene = useMemo((): SliceScene => {
    const visible = structures.map(({ value }, index) => ({ value, colour: tokenRgb(structureToken(index)), opacity: opacity * (isDimmed(value, highlighted) ? dimming : 1) })).filter(({ value }) => !hiddenStructures.includes(value));
    return {
      image: open.image,
      shape: open.canvasShape,
      orientation: open.orientation,
      box: caseBox(open.canvasShape, open.fileShape),
      window: open.window,
      rotation,
      crosshair,
      structures: visible,
      prediction: segmentation ? { labels: segmentation.labels, rotation: segmentation.rotation } : null,
      reference: open.reference ? { labels: open.reference, rotation: identityRotation } : null,
      show: overlays,
      colours: { background: tokenRgb('--viewer'), letters: tokenRgb('--viewer-ink-2'), missed: tokenRgb('--missed'), extra: tokenRgb('--extra') },
    };
  }, [open, structures, rotation, crosshair, segmentation, overlays, opacity, hiddenStructures, highlighted]);
  const volumeScene = useVolumeScene(open, structures, segmentation, rotation);
  const name = model?.name ?? open.name;
  const shownPose = isStale && segmentation ? `${poseText(pose)} asked, ${poseText(fromRotation(segmentation.rotation, pose.plane))} shown` : poseText(pose);

  return (
    <section className="model" aria-label={name} data-model={model?.id}>
      <Score open={open} model={model} structures={structures} segmentation={segmentation} isStale={isStale} />
      <div className="views">
        {layout !== 'slices' && (
          <div className="volume-tile">
            <VolumeView scene={volumeScene} label={`3D view of ${name}; drag or use the arrow keys to turn`} onTurnStart={startGesture} onTurn={dragBy} onTurnEnd={endGesture} />
            <Caption layers={captionOf({ ...overlays, prediction: overlays.prediction && segmentation !== undefined }, open.reference !== null)} />
            <span className="tag bottom-left num">{shownPose}</span>
            {segmentation && <span className="tag bottom-right num">{computingText(segmentation.milliseconds)}</span>}
          </div>
        )}
        {layout !== '3d' && (
          <div className="slices">
            {slicePlanes.map((plane) => (
              <div className="slice-tile" key={plane}>
                <SliceView plane={plane} scene={sliceScene} label={`${plane} slice, ${name}`} onCrosshair={onCrosshair} />
                <span className="tag">{plane}</span>
              </div>
            ))}
          </div>
        )}
        {layout === 'slices' && <span className="tag bottom-left num">{shownPose}</span>}
        {isStale && <span key={segmentation?.rotation.join()} className="progress-line" style={{ animationDuration: `${segmentation?.milliseconds ?? 0}ms` }} />}
        {failure && (
          <div className="tile-failure" role="status">
            <TriangleAlert size={16} />
            <b>{failure.message}</b>
            <span>{failure.remedy}</span>
          </div>
        )}
      </div>
    </section>
  );
}

const Caption = ({ layers }: { layers: readonly string[] }) => (
  <span className="tag">
    {layers.map((layer, index) => (
      <span key={layer} className={index > 0 ? 'strong' : ''}>
        {index > 0 && ' '}
        {layer}
      </span>
    ))}
  </span>
);

function captionOf(overlays: { prediction: boolean; reference: boolean; disagreement: boolean }, hasReference: boolean): string[] {
  if (overlays.disagreement && hasReference) return ['Disagreement:', 'missed pink, extra white'];
  const reference = overlays.reference && hasReference;
  if (overlays.prediction) return reference ? ['Prediction', 'over the reference (white)'] : ['Prediction'];
  return reference ? ['Reference (white)'] : ['Scan'];
}

/** True once `value` has been true for so long; false at once. */
function useDelayed(value: boolean, delayMs: number): boolean {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    if (!value) return setDue(false);
    const timer = setTimeout(() => setDue(true), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return value && isDue;
}
