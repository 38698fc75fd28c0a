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
import { add, reshape, tidy, type Tensor1D, type Tensor4D, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import type { GroupUnetSpec } from '../contract/model-spec';
import { quotients, rotationGroup, turnedTaps } from '../math/rotation-group';
import { convolution } from '../ops/convolution';
import { gatherRows } from '../ops/gather-rows';
import { groupMaximum } from '../ops/group-maximum';
import { instanceNorm } from '../ops/instance-norm';
import { leakyRelu } from '../ops/leaky-relu';
import { maxPool } from '../ops/max-pool';
import { upsampleTrilinear } from '../ops/resample';
import { separableConvolution } from './separable-convolution';
import { downBlock, upBlock } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const epsilon = 1e-5;
const slope = 0.01;
const halving = [2, 2, 2] as const;
const featuresOfLevel = ({ features }: GroupUnetSpec, level: number): number => features * 2 ** level;

/** Every separable convolution but the last, in order: channels of a group element in and out. */
function convolutions(spec: GroupUnetSpec): { name: string; from: number; to: number }[] {
  const { poolings, features } = spec;
  const down = Array.from({ length: poolings + 1 }, (_, level) => ({ name: downBlock(level), from: level === 0 ? features : featuresOfLevel(spec, level - 1), to: featuresOfLevel(spec, level) }));
  const up = Array.from({ length: poolings }, (_, i) => poolings - 1 - i).map((level) => ({ name: upBlock(level, poolings), from: featuresOfLevel(spec, level + 1) + featuresOfLevel(spec, level), to: featuresOfLevel(spec, level) }));
  return [...down, ...up].flatMap(({ name, from, to }) => [{ name: `${name}.1`, from, to }, { name: `${name}.2`, from: to, to }]);
}

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
  const { kernelSize: k, poolings, inputs, outputs, features } = spec;
  const group = rotationGroup(spec.group);
  const order = group.length;
  const [taps, quotient] = [turnedTaps(group, k), quotients(group)];
  const get = <T>(name: string): T => variables.get(name) as unknown as T;
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  /** [k, k, k, order * to]: the kernel of each element is the stored one, turned. */
  const spatialKernel = (name: string, to: number) => gatherRows<Tensor4D>(get(`${name}.spatial.weight`), { rows: taps, shape: [k, k, k, order * to] });
  /** [k, k, k, inputs, order * features] */
  const liftingKernel = () => {
    const rows = upTo(k ** 3).flatMap((tap) => upTo(inputs).flatMap((input) => upTo(order).map((g) => taps[tap * order + g] * inputs + input)));
    return gatherRows<Tensor5D>(get('lifting.weight'), { rows, shape: [k, k, k, inputs, order * features] });
  };
  /** [1, 1, 1, order * from, order * to] of the stored input channels `first` on: from element h to element g the weight of g^-1 h. */
  const mixing = (name: string, first: number, from: number) => {
    const [, stored, to] = get<Variable>(`${name}.group.weight`).shape;
    const rows = upTo(order).flatMap((h) => upTo(from).flatMap((channel) => upTo(order).map((g) => quotient[g * order + h] * stored + first + channel)));
    return gatherRows<Tensor5D>(get(`${name}.group.weight`), { rows, shape: [1, 1, 1, order * from, order * to] });
  };
  /** Norm and leaky ReLU. With the group moved into x, the norm over space is one over group and space. */
  const activate = (x: Tensor5D, weight: Tensor1D, bias: Tensor1D): Tensor5D => {
    const [batch, z, y, width] = x.shape;
    const channels = weight.shape[0];
    const normed = instanceNorm(reshape(x, [batch, z, y, width * order, channels]), weight, bias, { irreps: [{ multiplicity: channels, degree: 0, parity: 1 }], epsilon });
    return leakyRelu(reshape(normed, x.shape), { slope });
  };
  const norm = (name: string): [Tensor1D, Tensor1D] => [get(`${name}.norm.weight`), get(`${name}.norm.bias`)];

  /** Between layers go sums before their norm: each reader applies it again rather than keep the result. */
  const channelsOut = new Map(convolutions(spec).map(({ name, to }) => [name, to]));
  const layer = (name: string, before: string, x: Tensor5D, shrink: (active: Tensor5D) => Tensor5D = (active) => active, to = channelsOut.get(name)!): Tensor5D =>
    separableConvolution((x, weight, bias, mix) => convolution(shrink(activate(x as Tensor5D, weight as Tensor1D, bias as Tensor1D)), mix as Tensor5D), [x, ...norm(before), mixing(name, 0, channelsOut.get(before)!)], spatialKernel(name, to));
  const second = (block: string, x: Tensor5D): Tensor5D => layer(`${block}.2`, `${block}.1`, x);

  const lifted = (x: Tensor5D): Tensor5D => {
    const name = `${downBlock(0)}.1`;
    const mixedLifting = (lifting: Tensor5D, mix: Tensor5D): Tensor5D => reshape(convolution(reshape(lifting, [1, k, k, k * inputs, order * features]), mix), lifting.shape);
    return separableConvolution((lifting, mix, volume) => convolution(volume as Tensor5D, mixedLifting(lifting as Tensor5D, mix as Tensor5D)), [liftingKernel(), mixing(name, 0, features)], spatialKernel(name, features), [x]);
  };
  const pooled = (level: number, x: Tensor5D): Tensor5D => {
    const irreps = [{ multiplicity: order * featuresOfLevel(spec, level - 1), degree: 0, parity: 1 as const }];
    return layer(`${downBlock(level)}.1`, `${downBlock(level - 1)}.2`, x, (active) => maxPool(active, { irreps, extent: halving }));
  };
  const joined = (level: number, below: Tensor5D, skip: Tensor5D): Tensor5D => {
    const name = `${upBlock(level, poolings)}.1`;
    const [deep, wide] = [featuresOfLevel(spec, level + 1), featuresOfLevel(spec, level)];
    const beforeBelow = level + 1 === poolings ? downBlock(poolings) : upBlock(level + 1, poolings);
    return separableConvolution(
      (below, weightBelow, biasBelow, mixBelow, skip, weightSkip, biasSkip, mixSkip) =>
        add(
          upsampleTrilinear(convolution(activate(below as Tensor5D, weightBelow as Tensor1D, biasBelow as Tensor1D), mixBelow as Tensor5D), halving),
          convolution(activate(skip as Tensor5D, weightSkip as Tensor1D, biasSkip as Tensor1D), mixSkip as Tensor5D),
        ),
      [below, ...norm(`${beforeBelow}.2`), mixing(name, 0, deep), skip, ...norm(`${downBlock(level)}.2`), mixing(name, deep, wide)],
      spatialKernel(name, wide),
    );
  };
  return tidy(() => {
    const levels = upTo(poolings);
    const skips: Tensor5D[] = [];
    let x = tidy(() => second(downBlock(0), lifted(image)));
    for (const level of levels) {
      skips.push(x);
      x = tidy(() => second(downBlock(level + 1), pooled(level + 1, x)));
    }
    for (const level of levels.reverse()) {
      const below = x;
      x = tidy(() => second(upBlock(level, poolings), joined(level, below, skips[level])));
      below.dispose();
      skips[level].dispose();
    }
    return groupMaximum(layer('out', `${poolings === 0 ? downBlock(0) : upBlock(0, poolings)}.2`, x, undefined, outputs), { order });
  });
}
