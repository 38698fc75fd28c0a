/** @file SegmentationLoss in plain loops. */
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

/** Added above and below the fraction, in voxels. */
const smoothing = 1;

export const segmentationLoss: Reference<'SegmentationLoss'> = ({ logits, labels }, { dice }) => {
  const classes = logits.shape[4];
  const p = softmax(logits);
  const loss = zeros([]);
  labels.data.forEach((label, v) => { loss.data[0] -= Math.log(p[v * classes + label]) / labels.data.length; });
  if (dice) for (const { intersection, total } of overlaps(p, labels, classes)) loss.data[0] += (1 - (2 * intersection + smoothing) / (total + smoothing)) / (classes - 1);
  return { loss };
};

export const segmentationLossBackward: Reference<'SegmentationLossBackward'> = ({ dloss, logits, labels }, { dice }) => {
  const classes = logits.shape[4];
  const p = softmax(logits);
  const all = dice ? overlaps(p, labels, classes) : [];
  const dlogits = zeros(logits.shape);
  labels.data.forEach((label, v) => {
    const at = v * classes;
    const dp = new Float64Array(classes);
    all.forEach(({ intersection, total }, n) => {
      const below = total + smoothing;
      dp[n + 1] = ((2 * intersection + smoothing) / below ** 2 - (label === n + 1 ? 2 / below : 0)) / (classes - 1);
    });
    const mean = dp.reduce((sum, value, c) => sum + p[at + c] * value, 0);
    for (let c = 0; c < classes; c++) dlogits.data[at + c] = dloss.data[0] * ((p[at + c] - (label === c ? 1 : 0)) / labels.data.length + p[at + c] * (dp[c] - mean));
  });
  return { dlogits };
};

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
const overlaps = (p: Float64Array, labels: NumberArray, classes: number): { intersection: number; total: number }[] =>
  Array.from({ length: classes - 1 }, (_, n) => {
    let [intersection, total] = [0, 0];
    labels.data.forEach((label, v) => {
      const probability = p[v * classes + n + 1];
      intersection += label === n + 1 ? probability : 0;
      total += probability + (label === n + 1 ? 1 : 0);
    });
    return { intersection, total };
  });
