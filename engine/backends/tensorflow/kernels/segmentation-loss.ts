/** @file SegmentationLoss from a softmax and the labels as one-hot. */
import { add, cast, div, logSoftmax, maximum, mul, neg, notEqual, oneHot, ones, reshape, scalar, softmax, sub, sum, tensor1d, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { LossAttributes } from '../../../ops/operators';
import type { KernelFactory } from './kernel';

/** Added above and below the fraction, in voxels. */
const smoothing = 1;

export const segmentationLoss: KernelFactory<'SegmentationLoss' | 'SegmentationLossBackward'> = () => ({
  SegmentationLoss: ({ logits, labels }, attributes) => {
    const { x, truth, counted, ofVoxel, ofClass } = voxelRows(logits, labels, attributes);
    let loss: Tensor = neg(sum(mul(ofVoxel, mul(logSoftmax(x), truth))));
    if (attributes.dice) {
      const { above, below } = overlaps(mul(softmax(x), counted), truth);
      loss = add(loss, sum(mul(ofClass, sub(1, div(above, below)))));
    }
    return [loss];
  },
  SegmentationLossBackward: ({ dloss, logits, labels }, attributes) => {
    const { x, truth, counted, ofVoxel, ofClass } = voxelRows(logits, labels, attributes);
    const p = mul(softmax(x), counted);
    let gradient: Tensor = mul(ofVoxel, sub(p, truth));
    if (attributes.dice) {
      const { above, below } = overlaps(p, truth);
      // of each class: what a probability adds to the loss where the label is another, and what less where it is this one
      const elsewhere = mul(ofClass, div(above, mul(below, below)));
      const here = mul(ofClass, div(2, below));
      const dp = sub(elsewhere, mul(here, truth));
      gradient = add(gradient, mul(p, sub(dp, sum(mul(p, dp), 1, true))));
    }
    return [reshape(mul(gradient, dloss), logits.shape)];
  },
});

/** Logits and one-hot labels [voxel, class]; [voxel, 1]: 1 where the label is not ignored, and what the voxel's cross-entropy counts for; [class]: what its Dice counts for. */
function voxelRows(logits: Tensor, labels: Tensor, { crossEntropy = true, classWeights, ignoreLabel }: LossAttributes): { x: Tensor2D; truth: Tensor; counted: Tensor; ofVoxel: Tensor; ofClass: Tensor } {
  const classes = logits.shape[4]!;
  const x = reshape(logits, [-1, classes]) as Tensor2D;
  const rows = reshape(labels, [-1]) as Tensor1D;
  const counted = reshape(ignoreLabel === undefined ? ones(rows.shape) : cast(notEqual(rows, scalar(ignoreLabel, 'int32')), 'float32'), [-1, 1]);
  const truth = mul(oneHot(rows, classes, 1, 0, 'float32'), counted);
  const weights = classWeights ? tensor1d([...classWeights]) : ones([classes]);
  const ofVoxel = crossEntropy ? sum(mul(truth, weights), 1, true) : mul(counted, 0);
  const structures = mul(weights, sub(1, reshape(oneHot(tensor1d([0], 'int32'), classes, 1, 0, 'float32'), [classes]))); // background has no Dice
  // where every voxel is ignored, 0 of them is divided by something
  return { x, truth, counted, ofVoxel: div(ofVoxel, maximum(sum(ofVoxel), 1e-30)), ofClass: div(structures, sum(structures)) };
}

/** 2 sum p g + 1 and sum p + sum g + 1 of each class. */
const overlaps = (p: Tensor, truth: Tensor): { above: Tensor; below: Tensor } => ({
  above: add(mul(sum(mul(p, truth), 0), 2), smoothing),
  below: add(add(sum(p, 0), sum(truth, 0)), smoothing),
});
