/** @file Tells whoever watches from outside (the smoke test) that a turned head was segmented by every model shown and drawn. */
import { useEffect } from 'react';
import type { ModelSummary } from '../../../engine/contract/engine-api';
import { identityRotation } from '../../../engine/math/rotation';
import { sameRotation } from '../../state/pose';
import { useSession } from '../../state/session';

export function useFirstSegmentationMark(shown: readonly ModelSummary[]): void {
  const segmentations = useSession((session) => session.segmentations);
  useEffect(() => {
    const root = document.documentElement;
    const drawn = shown.map(({ id }) => segmentations[id]);
    if (root.dataset.firstSegmentation || drawn.length === 0 || !drawn.every((one) => one && !sameRotation(one.rotation, identityRotation))) return;
    // Two frames: the tiles draw in the next one.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        root.dataset.firstSegmentation ??= JSON.stringify({ case: drawn[0].caseId, models: drawn.map(({ modelId }) => modelId), milliseconds: Math.max(...drawn.map(({ milliseconds }) => milliseconds)) });
      }),
    );
  }, [shown, segmentations]);
}
