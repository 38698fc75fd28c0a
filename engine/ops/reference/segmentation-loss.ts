/** @file SegmentationLoss in plain loops. */
import type { LossAttributes } from '../operators';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

/** Added above and below the fraction, in voxels. */
const smoothing = 1;

export const segmentationLoss: Reference<'SegmentationLoss'> = ({ logits, labels }, attributes) => {
  const classes = logits.shape[4];
  const p = softmax(logits);
  const { ofVoxel, ofClass } = weights(labels, classes, attributes);
  const loss = zeros([]);
  labels.data.forEach((label, v) => { if (ofVoxel[v] > 0) loss.data[0] -= ofVoxel[v] * Math.log(p[v * classes + label]); });
  overlaps(p, labels, classes, attributes).forEach(({ intersection, total }, n) => { loss.data[0] += ofClass[n + 1] * (1 - (2 * intersection + smoothing) / (total + smoothing)); });
  return { loss };
};

export const segmentationLossBackward: Reference<'SegmentationLossBackward'> = ({ dloss, logits, labels }, attributes) => {
  const classes = logits.shape[4];
  const p = softmax(logits);
  const { ofVoxel, ofClass } = weights(labels, classes, attributes);
  const all = overlaps(p, labels, classes, attributes);
  const dlogits = zeros(logits.shape);
  labels.data.forEach((label, v) => {
    if (label === attributes.ignoreLabel) return;
    const at = v * classes;
    const dp = new Float64Array(classes);
    all.forEach(({ intersection, total }, n) => {
      const below = total + smoothing;
      dp[n + 1] = ofClass[n + 1] * ((2 * intersection + smoothing) / below ** 2 - (label === n + 1 ? 2 / below : 0));
    });
    const mean = dp.reduce((sum, value, c) => sum + p[at + c] * value, 0);
    for (let c = 0; c < classes; c++) dlogits.data[at + c] = dloss.data[0] * (ofVoxel[v] * (p[at + c] - (label === c ? 1 : 0)) + p[at + c] * (dp[c] - mean));
  });
  return { dlogits };
};

/** What each voxel's cross-entropy and each class's Dice counts for; 0 where it has no part. */
function weights(labels: NumberArray, classes: number, { crossEntropy = true, dice, classWeights = Array<number>(classes).fill(1), ignoreLabel }: LossAttributes): { ofVoxel: Float64Array; ofClass: Float64Array } {
  const ofVoxel = labels.data.map((label) => (crossEntropy && label !== ignoreLabel ? classWeights[label] : 0));
  const ofClass = Float64Array.from(classWeights, (weight, c) => (dice && c > 0 ? weight : 0));
  for (const some of [ofVoxel, ofClass]) {
    const sum = some.reduce((a, b) => a + b, 0);
    if (sum > 0) some.forEach((weight, n) => { some[n] = weight / sum; });
  }
  return { ofVoxel, ofClass };
}

function softmax({ data, shape }: NumberArray): Float64Array {
  const classes = shape[4];
  const p = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += classes) {
    const largest = Math.max(...data.subarray(at, at + classes));
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += p[at + c] = Math.exp(data[at + c] - largest);
    for (let c = 0; c < classes; c++) p[at + c] /= sum;
  }
  return p;
}

/** For each class but background: sum of p g, and sum of p plus sum of g. */
const overlaps = (p: Float64Array, labels: NumberArray, classes: number, { ignoreLabel }: LossAttributes): { intersection: number; total: number }[] =>
  Array.from({ length: classes - 1 }, (_, n) => {
    let [intersection, total] = [0, 0];
    labels.data.forEach((label, v) => {
      if (label === ignoreLabel) return;
      const probability = p[v * classes + n + 1];
      intersection += label === n + 1 ? probability : 0;
      total += probability + (label === n + 1 ? 1 : 0);
    });
    return { intersection, total };
  });
