/**
 * @file The group CNN the paper compares with (MELBA 2024:010, section 3; e3nn_Unet `gnn_unet.py`, which builds on the package gconv): the frame of the other U-Nets over the voxels and a group of
 * rotations. Lifting convolution; separable group convolutions (Knigge, Romero and Bekkers, ICML 2022): first over the group and the channels at each voxel, then over space with one kernel a channel;
 * instance norm over group and space per channel; leaky ReLU; max-pooling in space; trilinear upsampling; a last group convolution to the classes, and the largest value over the group.
 *
 * Decided where the paper is silent: kernels fill the cube of taps (gconv confines them to a ball, which turns by angles between right ones need and right angles do not); no bias in any
 * convolution, as in gconv; the norms have weight and bias as those of the other networks (gconv's have none); starting values after He et al., arXiv:1502.01852, on the pointwise half, and of unit
 * variance on the spatial half, which no nonlinearity follows alone.
 *
 * Channels run over (group element, channel). Nothing lies between lifting and the first mixing, between upsampling and mixing, or between joining and mixing but linear maps, so their order is free:
 * the lifting kernel is mixed instead of the lifted volume, mixing precedes upsampling, and two mixed tensors are added instead of two mixed ones joined.
 */
import { reshape, tidy, type Tensor, type Tensor1D, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import type { GroupUnetSpec } from '../contract/model-spec';
import { rotationGroup } from '../math/rotation-group';
import { convolution } from '../ops/convolution';
import { groupMaximum } from '../ops/group-maximum';
import { instanceNorm } from '../ops/instance-norm';
import { leakyRelu } from '../ops/leaky-relu';
import { maxPool } from '../ops/max-pool';
import { upsampleTrilinear } from '../ops/resample';
import { sum } from '../ops/sum';
import { groupWeights } from './group-weights';
import { separableConvolution } from './separable-convolution';
import { downBlock, epsilon, halving, slope, unetBlocks, upBlock } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

/** Every separable convolution but the last, in order: channels of a group element in and out. */
const convolutions = (spec: GroupUnetSpec): { name: string; from: number; to: number }[] =>
  unetBlocks(spec, spec.features).flatMap(({ name, from, to }) => [{ name: `${name}.1`, from, to }, { name: `${name}.2`, from: to, to }]);

export function planGroupUnet(spec: GroupUnetSpec): readonly PlannedVariable[] {
  const { kernelSize: k, inputs, outputs, features } = spec;
  const order = rotationGroup(spec.group).length;
  const separable = (name: string, from: number, to: number): PlannedVariable[] => [
    { name: `${name}.group.weight`, shape: [order, from, to], start: { normal: Math.sqrt(2 / (1 + slope ** 2) / (order * from)) } },
    { name: `${name}.spatial.weight`, shape: [k, k, k, to], start: { normal: Math.sqrt(1 / k ** 3) } },
  ];
  const layers = convolutions(spec).flatMap(({ name, from, to }): PlannedVariable[] => [
    ...separable(name, from, to),
    { name: `${name}.norm.weight`, shape: [to], start: { constant: 1 } },
    { name: `${name}.norm.bias`, shape: [to], start: { constant: 0 } },
  ]);
  return [{ name: 'lifting.weight', shape: [k, k, k, inputs, features], start: { normal: Math.sqrt(1 / (k ** 3 * inputs)) } }, ...layers, ...separable('out', features, outputs)];
}

export function groupUnetLogits(spec: GroupUnetSpec, variables: ReadonlyMap<string, Variable>, image: Tensor5D): Tensor5D {
  const { poolings, features } = spec;
  const { order, lifting, mixing, spatial } = groupWeights(spec, variables);
  const channelsOut = new Map(convolutions(spec).map(({ name, to }) => [name, to]));

  /** Norm, over group and space, and leaky ReLU. */
  const activate = (x: Tensor5D, weight: Tensor1D, bias: Tensor1D): Tensor5D =>
    leakyRelu(instanceNorm(x, weight, bias, { irreps: [{ multiplicity: weight.shape[0], degree: 0, parity: 1 }], epsilon, elements: order }), { slope });
  /** What an activation reads: between layers go sums before their norm, and each reader applies it again rather than keep the result. */
  const active = (layer: string, x: Tensor5D): [Tensor5D, Variable, Variable] => [x, variables.get(`${layer}.norm.weight`)!, variables.get(`${layer}.norm.bias`)!];

  /** A separable convolution of the activated sums of the layer before. */
  const convolve = (layer: string, before: string, x: Tensor5D, pool: (x: Tensor5D) => Tensor5D = (x) => x): Tensor5D =>
    separableConvolution((x, weight, bias, mix) => convolution(pool(activate(x as Tensor5D, weight as Tensor1D, bias as Tensor1D)), mix as Tensor5D), [...active(before, x), mixing(layer, 0, channelsOut.get(before)!)], spatial(layer));

  const lift = (image: Tensor5D): Tensor5D => {
    const layer = `${downBlock(0)}.1`;
    const mixed = (kernel: Tensor5D, mix: Tensor5D): Tensor5D => {
      const [z, y, x, inputs, channels] = kernel.shape;
      return reshape(convolution(reshape(kernel, [1, z, y, x * inputs, channels]), mix), kernel.shape);
    };
    return separableConvolution((kernel, mix, image) => convolution(image as Tensor5D, mixed(kernel as Tensor5D, mix as Tensor5D)), [lifting(), mixing(layer, 0, features)], spatial(layer), [image]);
  };
  const shrink = (level: number, above: Tensor5D): Tensor5D =>
    convolve(`${downBlock(level)}.1`, `${downBlock(level - 1)}.2`, above, (x) => maxPool(x, { irreps: [{ multiplicity: x.shape[4], degree: 0, parity: 1 }], extent: halving }));
  const join = (level: number, below: Tensor5D, skip: Tensor5D): Tensor5D => {
    const layer = `${upBlock(level, poolings)}.1`;
    const [belowLayer, skipLayer] = [level + 1 === poolings ? downBlock(poolings) : upBlock(level + 1, poolings), downBlock(level)].map((block) => `${block}.2`);
    const [deep, wide] = [belowLayer, skipLayer].map((before) => channelsOut.get(before)!);
    const mixed = ([x, weight, bias, mix]: Tensor[]): Tensor5D => convolution(activate(x as Tensor5D, weight as Tensor1D, bias as Tensor1D), mix as Tensor5D);
    return separableConvolution((...read) => sum(upsampleTrilinear(mixed(read.slice(0, 4)), halving), mixed(read.slice(4))), [...active(belowLayer, below), mixing(layer, 0, deep), ...active(skipLayer, skip), mixing(layer, deep, wide)], spatial(layer));
  };
  const second = (block: string, x: Tensor5D): Tensor5D => convolve(`${block}.2`, `${block}.1`, x);

  return tidy(() => {
    const skips: Tensor5D[] = [];
    let x = tidy(() => second(downBlock(0), lift(image)));
    for (let level = 1; level <= poolings; level++) {
      skips.push(x);
      x = tidy(() => second(downBlock(level), shrink(level, x)));
    }
    for (let level = poolings - 1; level >= 0; level--) {
      const below = x;
      x = tidy(() => second(upBlock(level, poolings), join(level, below, skips[level])));
      below.dispose();
      skips[level].dispose();
    }
    return groupMaximum(convolve('out', `${poolings === 0 ? downBlock(0) : upBlock(0, poolings)}.2`, x), { order });
  });
}
