/** @file One answer of the live engine: a case turned, segmented by one network, and compared with its reference. */
import type { Arguments, Segmentation, StructureScore } from '../contract/engine-api';
import { cancelled } from '../contract/problem';
import { meanDice, overlaps } from '../evaluation/dice';
import { scorePose } from '../evaluation/evaluate';
import { predictVolume } from '../evaluation/predict-volume';
import { trainedPatch, type LoadedNetwork } from '../training/weights-file';
import type { StoredCase } from './case-store';

/** @param isCancelled asked before and after the turn; the kernels ask by themselves */
export function segmentPose({ caseId, modelId, rotation }: Arguments<'segment'>, stored: StoredCase, { network, structures, record }: LoadedNetwork, isCancelled: () => boolean): Segmentation {
  const begunMs = performance.now();
  const { labels, scores } = scorePose(
    (images, shape) => {
      if (isCancelled()) throw cancelled();
      return predictVolume(network, images, shape, { isCancelled, windowSize: trainedPatch(record) });
    },
    stored,
    rotation,
    structures,
    { ignoreLabel: record?.spec.lossOptions.ignoreLabel },
  );
  const inMl = (voxels: number) => voxels * stored.voxelMl;
  const compared: StructureScore[] = stored.reference
    ? scores.map(({ value, name, dice, predictedVoxels, referenceVoxels }) => ({ value, name, dice, predictedMl: inMl(predictedVoxels), referenceMl: inMl(referenceVoxels) }))
    : overlaps(labels, labels, structures).map(({ value, name, predictedVoxels }) => ({ value, name, dice: null, predictedMl: inMl(predictedVoxels), referenceMl: null }));
  return { caseId, modelId, rotation, shape: stored.summary.canvasShape, labels, scores: compared, meanDice: meanDice(compared), milliseconds: performance.now() - begunMs };
}
