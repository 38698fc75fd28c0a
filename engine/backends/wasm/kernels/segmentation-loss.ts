/** @file Softmax cross-entropy and soft Dice, and their gradient: one pass for sums, one that writes; the softmax is computed again rather than kept. */
import { badInput } from '../../../contract/problem';
import type { LossAttributes } from '../../../ops/operators';
import { F32, F64, I32, loadF32, loadI32, loadV128, log, V128, type FunctionBuilder } from '../assembler';
import type { HeapTensor } from '../backend';
import { exponential } from '../exponential';
import { itemsOfVoxels, voxelsPerItem, writeRows } from '../voxel-rows';
import type { KernelFactory } from './kernel';

/** Added above and below the fraction of soft Dice, in voxels. */
const smoothing = 1;
/** Of the sums of an item: float64 cross-entropy, int32 number of labels that are no class. */
const headBytes = 16;
/** A row of classes is `vectors` long; the mask has all bits set where a class is; `ignore` is a label that is ignored where `ignores` is 1. */
const fields = { logits: 'i32', labels: 'i32', voxels: 'i32', classes: 'i32', vectors: 'i32', mask: 'i32', ignore: 'i32', ignores: 'i32' } as const;
type Fields = { [K in keyof typeof fields]: I32 };

export const segmentationLoss: KernelFactory<'SegmentationLoss' | 'SegmentationLossBackward'> = (backend) => {
  const { heap } = backend.machine;
  const kernels = backend.machine.load((m) => ({
    // behind the head of an item's sums: rows of sum p, sum p g, sum g
    sums: m.kernel('sums', { ...fields, weights: 'i32', sums: 'i32' }, (f, p, item, scratch) => {
      const { first, count, logits, rowBytes } = itemOf(f, p, item);
      const vectorBytes = f.i32(p.vectors.shl(4));
      const bytes = f.i32(vectorBytes.mul(3).add(headBytes));
      const sums = f.i32(p.sums.add(item.mul(bytes)));
      f.fillZero(sums, bytes);
      const [crossEntropy, product, weight, weightBefore] = [f.f64(0), f.f64(1), f.f32(), f.f32(0)];
      const [label, foreign, at, from] = [f.i32(), f.i32(0), f.i32(), f.i32()];
      const row = softmaxOf(f, p);
      const takeLogarithm = () => {
        f.set(crossEntropy, crossEntropy.add(log(product).mul(weightBefore.toF64())));
        f.set(product, F64.of(1));
      };
      const add = () => {
        f.if(label.lt(0).or(label.ge(p.classes)), () => {
          f.set(foreign, I32.of(1));
          f.set(label, I32.of(0));
        });
        f.set(label, label.shl(2));
        row.compute(logits, scratch);
        f.set(weight, loadF32(p.weights.add(label)));
        f.if(weight.lt(weightBefore).or(weight.gt(weightBefore)), takeLogarithm);
        f.set(weightBefore, weight);
        f.set(crossEntropy, crossEntropy.add(row.largest.sub(loadF32(logits.add(label))).toF64().mul(weight.toF64())));
        f.set(product, product.mul(row.sum.toF64()));
        f.set(at, sums.add(headBytes));
        f.set(from, scratch);
        f.times(p.vectors, () => {
          f.store(at, f.multiplyAdd(loadV128(from), row.inverse.splat(), loadV128(at)));
          f.advance(at, 16);
          f.advance(from, 16);
        });
        f.advance(at, label);
        f.store(at, loadF32(at).add(loadF32(scratch.add(label)).mul(row.inverse)));
        f.advance(at, vectorBytes);
        f.store(at, loadF32(at).add(1));
      };
      f.for(0, count, 1, (voxel) => {
        // one logarithm for 64 voxels of one weight: a factor is at most the number of classes, 256, so the product stays below 2^512
        f.if(voxel.and(63).eq(0), takeLogarithm);
        f.set(label, loadI32(p.labels.add(first.add(voxel).shl(2))));
        f.if(isIgnored(p, label).eq(0), add);
        f.advance(logits, rowBytes);
      });
      takeLogarithm();
      f.store(sums, crossEntropy);
      f.store(sums, foreign, 8);
    }),
    // dlogits = p (share_label + slope - <p, slope> - p_label bonus_label), and at the label p_label bonus_label - share_label more; 0 where ignored
    gradient: m.kernel('gradient', { ...fields, slope: 'i32', bonus: 'i32', share: 'i32', dlogits: 'i32' }, (f, p, item, scratch) => {
      const { first, count, logits, rowBytes } = itemOf(f, p, item);
      const probabilities = f.i32(scratch.add(p.vectors.shl(4)));
      const [label, at, from, slope] = [f.i32(), f.i32(), f.i32(), f.i32()];
      const [mean, atLabel, share, inverse] = [f.v128(), f.f32(), f.f32(), f.v128()];
      const row = softmaxOf(f, p);
      const write = (to: I32) => {
        f.set(label, label.shl(2));
        row.compute(logits, probabilities);
        f.set(share, loadF32(p.share.add(label)));
        f.set(atLabel, loadF32(probabilities.add(label)).mul(row.inverse).mul(loadF32(p.bonus.add(label))));
        f.set(inverse, row.inverse.splat());
        f.set(mean, V128.of(0));
        f.set(from, probabilities);
        f.set(slope, p.slope);
        f.times(p.vectors, () => {
          f.set(mean, f.multiplyAdd(loadV128(from).mul(inverse), loadV128(slope), mean));
          f.advance(from, 16);
          f.advance(slope, 16);
        });
        f.set(mean, mean.sumOfLanes().add(atLabel).sub(share).splat());
        f.set(from, probabilities);
        f.set(slope, p.slope);
        f.set(at, to);
        f.times(p.vectors, () => {
          f.store(at, loadV128(from).mul(inverse).mul(loadV128(slope).sub(mean)));
          for (const pointer of [at, from, slope]) f.advance(pointer, 16);
        });
        f.set(at, to.add(label));
        f.store(at, loadF32(at).add(atLabel.sub(share)));
      };
      writeRows(f, { target: f.i32(p.dlogits.add(first.mul(rowBytes))), count, rowBytes, scratch }, (to, voxel) => {
        f.set(label, loadI32(p.labels.add(first.add(voxel).shl(2))));
        f.if(isIgnored(p, label), () => f.fillZero(to, p.vectors.shl(4)), () => write(to));
        f.advance(logits, rowBytes);
      });
    }),
  }));
  const withMask = <T>(logits: HeapTensor, { ignoreLabel }: LossAttributes, use: (common: Omit<Record<keyof typeof fields, number>, 'labels'>, padded: number) => T): T => {
    const classes = logits.shape.at(-1)!;
    const padded = 4 * Math.ceil(classes / 4);
    return heap.borrow(padded * 4, (mask) => {
      heap.integers(mask, padded).fill(0).fill(-1, 0, classes);
      return use({ logits: logits.pointer, voxels: logits.size / classes, classes, vectors: padded / 4, mask, ignore: ignoreLabel ?? 0, ignores: ignoreLabel === undefined ? 0 : 1 }, padded);
    });
  };
  /** Cross-entropy summed over voxels with their weights, and the sum of these; per class its weight, the sums of p, of p where it is the label, and of its voxels. */
  const sumsOf = (logits: HeapTensor, labels: HeapTensor, attributes: LossAttributes) =>
    withMask(logits, attributes, (common, padded) => {
      const [items, itemBytes] = [itemsOfVoxels(common.voxels), headBytes + 12 * padded];
      const classWeights = Float32Array.from(attributes.classWeights ?? Array<number>(common.classes).fill(1));
      return heap.borrow(items * itemBytes + padded * 4, (block) => {
        const weights = block + items * itemBytes;
        heap.floats(weights, padded).fill(0).set(classWeights);
        kernels.sums({ ...common, labels: labels.pointer, weights, sums: block }, items, padded * 4);
        const totals = new Float64Array(3 * padded);
        let crossEntropy = 0;
        for (let at = block; at < weights; at += itemBytes) {
          if (heap.integers(at + 8, 1)[0] !== 0) throw badInput(`SegmentationLoss got labels that are not 0 to ${common.classes - 1}${attributes.ignoreLabel === undefined ? '' : ` or ${attributes.ignoreLabel}`}.`, 'Give the model one output for each label, background included.');
          crossEntropy += heap.doubles(at, 1)[0];
          heap.floats(at + headBytes, 3 * padded).forEach((value, n) => { totals[n] += value; });
        }
        const perClass = (row: number) => totals.subarray(row * padded, row * padded + common.classes);
        const count = perClass(2);
        return {
          crossEntropy, classWeights, probability: perClass(0), overlap: perClass(1), count,
          voxelWeight: count.reduce((sum, voxels, c) => sum + voxels * classWeights[c], 0),
          foregroundWeight: classWeights.subarray(1).reduce((sum, weight) => sum + weight, 0),
        };
      });
    });
  return {
    SegmentationLoss: ({ logits, labels }, attributes) => {
      const { crossEntropy, voxelWeight, foregroundWeight, classWeights, probability, overlap, count } = sumsOf(logits, labels, attributes);
      let value = (attributes.crossEntropy ?? true) && voxelWeight > 0 ? crossEntropy / voxelWeight : 0;
      if (attributes.dice) for (let c = 1; c < count.length; c++) value += (classWeights[c] * (1 - (2 * overlap[c] + smoothing) / (probability[c] + count[c] + smoothing))) / foregroundWeight;
      const loss = backend.output([]);
      heap.floats(loss.pointer, 1)[0] = value;
      return [loss.info];
    },
    SegmentationLossBackward: ({ dloss, logits, labels }, attributes) => {
      const dlogits = backend.output(logits.shape);
      const [factor] = heap.floats(dloss.pointer, 1);
      withMask(logits, attributes, (common, padded) =>
        heap.borrow(3 * padded * 4, (block) => {
          const { voxelWeight, foregroundWeight, classWeights, probability, overlap, count } = sumsOf(logits, labels, attributes);
          // of soft Dice by p: slope everywhere, bonus more where the class is the label; of cross-entropy: the share of a voxel of each label
          const [slope, bonus, share] = [0, 1, 2].map((n) => heap.floats(block + n * padded * 4, padded).fill(0));
          classWeights.forEach((weight, c) => {
            if ((attributes.crossEntropy ?? true) && voxelWeight > 0) share[c] = (factor * weight) / voxelWeight;
            if (!attributes.dice || c === 0) return;
            const below = probability[c] + count[c] + smoothing;
            slope[c] = (factor * weight * (2 * overlap[c] + smoothing)) / (foregroundWeight * below ** 2);
            bonus[c] = (-2 * factor * weight) / (foregroundWeight * below);
          });
          kernels.gradient({ ...common, labels: labels.pointer, slope: block, bonus: block + padded * 4, share: block + 2 * padded * 4, dlogits: dlogits.pointer }, itemsOfVoxels(common.voxels), 8 * padded + 32);
        }),
      );
      return [dlogits.info];
    },
  };
};

const isIgnored = (p: Fields, label: I32): I32 => label.eq(p.ignore).and(p.ignores);

/** The first voxel of an item, how many it has, and its logits. */
function itemOf(f: FunctionBuilder, p: Fields, item: I32) {
  const first = f.i32(item.mul(voxelsPerItem));
  const rowBytes = f.i32(p.classes.shl(2));
  return { first, count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes, logits: f.i32(p.logits.add(first.mul(rowBytes))) };
}

/** `compute` writes exp(logit - largest) of a row of logits, 0 past its end; their sum, its inverse and the largest logit are locals. */
function softmaxOf(f: FunctionBuilder, p: Fields) {
  const [largest, sum, inverse] = [f.f32(), f.f32(), f.f32()];
  const [lanes, from, to, mask] = [f.v128(), f.i32(), f.i32(), f.i32()];
  const compute = (logits: I32, exponentials: I32): void => {
    f.set(lanes, V128.of(-Infinity));
    f.set(from, logits);
    f.set(mask, p.mask);
    f.times(p.vectors, () => {
      f.set(lanes, lanes.max(loadV128(mask).choose(loadV128(from), V128.of(-Infinity))));
      f.advance(from, 16);
      f.advance(mask, 16);
    });
    f.set(largest, lanes.lane(0).max(lanes.lane(1)).max(lanes.lane(2).max(lanes.lane(3))));
    f.set(lanes, V128.of(0));
    f.set(from, logits);
    f.set(to, exponentials);
    f.set(mask, p.mask);
    f.times(p.vectors, () => {
      const value = f.v128(loadV128(mask).and(exponential(f, loadV128(from).sub(largest.splat()))));
      f.store(to, value);
      f.set(lanes, lanes.add(value));
      for (const pointer of [from, to, mask]) f.advance(pointer, 16);
    });
    f.set(sum, lanes.sumOfLanes());
    f.set(inverse, F32.of(1).div(sum));
  };
  return { compute, largest, sum, inverse };
}
