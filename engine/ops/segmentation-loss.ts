/**
 * @file The loss of a segmentation: softmax cross-entropy, soft Dice, or their sum.
 *
 * loss = [crossEntropy] -mean_v log p_v,label(v) + [dice] mean_c (1 - (2 sum_v p_vc g_vc + 1) / (sum_v p_vc + sum_v g_vc + 1)), p the softmax of the logits, g the
 * labels as one-hot; sums and mean over v run over all voxels of the batch whose label is not `ignoreLabel`, the mean over c over all classes but background (0).
 * With `classWeights` both means are weighted, that over v by the weight of the label (sum_v w_label(v) l_v / sum_v w_label(v)), that over c by the weight of the
 * class, where background's has no part. Where every voxel is ignored, loss and gradient are 0.
 * Source: MELBA 2024:010, section 3 (cross-entropy); Milletari et al., arXiv:1606.04797, in the form of nnU-Net (soft Dice with smoothing 1); PyTorch's
 * CrossEntropyLoss (weight, ignore_index).
 */
import type { Scalar, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { checkShape, feature } from './check-shape';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param logits [batch, z, y, x, classes], two classes or more
 * @param labels [batch, z, y, x] int32, each from 0 to classes - 1 or `ignoreLabel`; not checked here
 * @throws GyraError on other shapes or types, weights that are not one positive number a class, and a loss of no part
 */
export function segmentationLoss(logits: Tensor5D, labels: Tensor4D, attributes: Operators['SegmentationLoss']['attributes']): Scalar {
  const classes = logits.shape[4];
  checkShape('SegmentationLoss', 'logits', logits, feature(classes));
  if (classes < 2) throw badInput('SegmentationLoss got logits of one class.', 'Give it two classes or more, background included.');
  checkShape('SegmentationLoss', 'labels', labels, logits.shape.slice(0, 4), 'int32');
  const { crossEntropy = true, dice, classWeights } = attributes;
  if (!crossEntropy && !dice) throw badInput('SegmentationLoss got neither cross-entropy nor soft Dice.', 'Ask for one of them or both.');
  if (classWeights && (classWeights.length !== classes || !classWeights.every((weight) => weight > 0 && Number.isFinite(weight))))
    throw badInput(`SegmentationLoss got the class weights ${classWeights.join(', ')} for ${classes} classes.`, 'Give one positive weight for each class, background included.');
  return runOperator('SegmentationLoss', { logits, labels }, attributes)[0] as Scalar;
}

defineGradient('SegmentationLoss', ['logits', 'labels'], (dloss, [logits, labels], attributes) => ({
  logits: () => runOperator('SegmentationLossBackward', { dloss, logits, labels }, attributes)[0],
}));
