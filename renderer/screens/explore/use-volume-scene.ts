/** @file What a 3D tile shows: the scan cut open behind the structure, the prediction as surfaces, the reference as a white ghost. */
import { useMemo } from 'react';
import type { OpenCase, RotationMatrix, Segmentation, Structure } from '../../../engine/contract/engine-api';
import { isDimmed, useHighlight } from '../../state/highlight';
import { useWorkspace } from '../../state/workspace';
import { structureToken, tokenRgb } from '../../ui/tokens';
import { project } from '../../viewer/camera';
import { disagreement, disagreementLabels } from '../../viewer/disagreement-labels';
import { caseBox, centreOf } from '../../viewer/reslice';
import { labelSurface, shrunk, turnedBack, type Surface } from '../../viewer/surface';
import type { Scene, SceneSurface, SceneVolume } from '../../viewer/volume-scene';

/** Beside a prediction, and by itself. */
const ghostOpacity = 0.4;
const loneOpacity = 0.85;
/** The ghost only shows where the prediction does not cover it. */
const ghostInsetVoxels = 0.35;
/** Of the structure's depth, how much of it stays sunk in the cut. */
const sunk = 0.3;

export function useVolumeScene(open: OpenCase, structures: readonly Structure[], segmentation: Segmentation | undefined, rotation: RotationMatrix): Scene {
  const { overlays, hiddenStructures } = useWorkspace((workspace) => workspace.settings);
  const { prediction: showsPrediction, reference: showsReference, disagreement: showsDisagreement } = overlays;
  const highlighted = useHighlight((state) => state.structure);
  const volume = useMemo((): SceneVolume => ({ image: open.image, shape: open.canvasShape, orientation: open.orientation, box: caseBox(open.canvasShape, open.fileShape), window: open.window }), [open]);
  const visible = useMemo(() => structures.map(({ value }, index) => ({ value, token: structureToken(index) })).filter(({ value }) => !hiddenStructures.includes(value)), [structures, hiddenStructures]);

  const predicted = useMemo((): SceneSurface[] => {
    if (!segmentation || !showsPrediction || showsDisagreement) return [];
    return visible.map(({ value, token }) => ({ surface: turnedBack(labelSurface(segmentation.labels, segmentation.shape, value), segmentation.shape, segmentation.rotation), colour: tokenRgb(token), opacity: isDimmed(value, highlighted) ? ghostOpacity / 2 : 1 }));
  }, [segmentation, showsPrediction, showsDisagreement, visible, highlighted]);
  const isAlone = !segmentation || (!showsPrediction && !showsDisagreement);
  const reference = useMemo((): SceneSurface[] => {
    if (!open.reference) return [];
    return visible.map(({ value }) => ({ surface: shrunk(labelSurface(open.reference!, open.canvasShape, value), ghostInsetVoxels), colour: tokenRgb('--reference'), opacity: isAlone ? loneOpacity : ghostOpacity }));
  }, [open, visible, isAlone]);
  const differing = useMemo((): SceneSurface[] => {
    if (!segmentation || !open.reference || !showsDisagreement) return [];
    const labels = disagreementLabels(segmentation, open.reference, visible.map(({ value }) => value));
    return (['missed', 'extra'] as const).map((kind) => ({ surface: turnedBack(labelSurface(labels, segmentation.shape, disagreement[kind]), segmentation.shape, segmentation.rotation), colour: tokenRgb(`--${kind}`), opacity: 1 }));
  }, [segmentation, open, showsDisagreement, visible]);

  const marker = reference.length > 0 ? reference : predicted;
  return useMemo(
    () => ({ volume, surfaces: [...predicted, ...differing, ...(showsReference ? reference : [])], rotation, cutDepth: cutDepth(marker.map(({ surface }) => surface), open, rotation) }),
    [volume, predicted, differing, reference, showsReference, marker, open, rotation],
  );
}

/** The plane facing the viewer that has the structure standing in front of it; through the centre where there is none. */
function cutDepth(surfaces: readonly Surface[], { canvasShape }: OpenCase, rotation: RotationMatrix): number {
  const centre = centreOf(canvasShape);
  let nearest = -Infinity;
  let farthest = Infinity;
  for (const { vertices } of surfaces)
    for (let i = 0; i < vertices.length; i += 3) {
      const depth = project([vertices[i] - centre[0], vertices[i + 1] - centre[1], vertices[i + 2] - centre[2]], rotation)[2];
      nearest = Math.max(nearest, depth);
      farthest = Math.min(farthest, depth);
    }
  return farthest === Infinity ? 0 : farthest + sunk * (nearest - farthest);
}
