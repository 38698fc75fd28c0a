/** @file SegmentationLoss from a softmax and the labels as one-hot. */
import { add, div, logSoftmax, mean, mul, neg, oneHot, reshape, slice, softmax, sub, sum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

/** Added above and below the fraction, in voxels. */
const smoothing = 1;

export const segmentationLoss: KernelFactory<'SegmentationLoss' | 'SegmentationLossBackward'> = () => ({
  SegmentationLoss: ({ logits, labels }, { dice }) => {
    const { x, truth } = voxelRows(logits, labels);
    const crossEntropy = neg(mean(sum(mul(logSoftmax(x), truth), 1)));
    if (!dice) return [crossEntropy];
    const { above, below } = overlaps(softmax(x), truth);
    return [add(crossEntropy, sub(1, mean(foreground(div(above, below)))))];
  },
  SegmentationLossBackward: ({ dloss, logits, labels }, { dice }) => {
    const { x, truth } = voxelRows(logits, labels);
    const [voxels, classes] = x.shape;
    const p = softmax(x);
    let gradient: Tensor = div(sub(p, truth), voxels);
    if (dice) {
      const { above, below } = overlaps(p, truth);
      const structures = sub(1, oneHot([0], classes)); // background has no Dice
      // of each class: what a probability adds to the loss where the label is another, and what less where it is this one
      const elsewhere = div(mul(structures, div(above, mul(below, below))), classes - 1);
      const here = div(mul(structures, div(2, below)), classes - 1);
      const dp = sub(elsewhere, mul(here, truth));
      gradient = add(gradient, mul(p, sub(dp, sum(mul(p, dp), 1, true))));
    }
    return [reshape(mul(gradient, dloss), logits.shape)];
  },
});

function voxelRows(logits: Tensor, labels: Tensor): { x: Tensor2D; truth: Tensor } {
  const classes = logits.shape[4]!;
  return { x: reshape(logits, [-1, classes]), truth: oneHot(reshape(labels, [-1]) as Tensor1D, classes, 1, 0, 'float32') };
}

/** 2 sum p g + 1 and sum p + sum g + 1 of each class. */
const overlaps = (p: Tensor, truth: Tensor): { above: Tensor; below: Tensor } => ({
  above: add(mul(sum(mul(p, truth), 0), 2), smoothing),
  below: add(add(sum(p, 0), sum(truth, 0)), smoothing),
});

const foreground = (classes: Tensor): Tensor => slice(classes, [1]);
