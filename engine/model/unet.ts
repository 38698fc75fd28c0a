/** @file The ordinary U-Net the paper compares with: the frame of the steerable one with ordinary convolutions, instance norm and leaky ReLU (MELBA 2024:010, section 3). */
import type { Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { OrdinaryUnetSpec } from '../contract/model-spec';
import { poolingExtents } from '../contract/network-sizes';
import type { Irreps } from '../math/so3/irreps';
import { convolution } from '../ops/convolution';
import { instanceNorm } from '../ops/instance-norm';
import { leakyRelu } from '../ops/leaky-relu';
import { maxPool } from '../ops/max-pool';
import { upsampleTrilinear } from '../ops/resample';
import { selfConnection } from '../ops/self-connection';
import { downBlock, replaced, runUnet, upBlock } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const epsilon = 1e-5;
const slope = 0.01;
const halving = [2, 2, 2] as const;
const scalars = (multiplicity: number): Irreps => [{ multiplicity, degree: 0, parity: 1 }];
const featuresOfLevel = ({ features }: OrdinaryUnetSpec, level: number): number => features * 2 ** level;

function blocks(spec: OrdinaryUnetSpec): { name: string; from: number; to: number }[] {
  const { poolings, inputs } = spec;
  const down = Array.from({ length: poolings + 1 }, (_, level) => ({ name: downBlock(level), from: level === 0 ? inputs : featuresOfLevel(spec, level - 1), to: featuresOfLevel(spec, level) }));
  const up = Array.from({ length: poolings }, (_, i) => poolings - 1 - i).map((level) => ({ name: upBlock(level, poolings), from: featuresOfLevel(spec, level + 1) + featuresOfLevel(spec, level), to: featuresOfLevel(spec, level) }));
  return [...down, ...up];
}

export function planUnet(spec: OrdinaryUnetSpec): readonly PlannedVariable[] {
  const { kernelSize: k, features, outputs } = spec;
  const layers = blocks(spec).flatMap(({ name, from, to }) =>
    [from, to].flatMap((channels, i): PlannedVariable[] => [
      // He et al., arXiv:1502.01852, for leaky ReLU
      { name: `${name}.conv${i + 1}.weight`, shape: [k, k, k, channels, to], start: { normal: Math.sqrt(2 / (1 + slope ** 2) / (k ** 3 * channels)) } },
      { name: `${name}.norm${i + 1}.weight`, shape: [to], start: { constant: 1 } },
      { name: `${name}.norm${i + 1}.bias`, shape: [to], start: { constant: 0 } },
    ]),
  );
  return [...layers, { name: 'out.weight', shape: [features * outputs], start: { normal: 1 } }, { name: 'bias', shape: [outputs], start: { constant: 0 } }];
}

export function unetLogits(spec: OrdinaryUnetSpec, variables: ReadonlyMap<string, Variable>, image: Tensor5D): Tensor5D {
  const { poolings, features, outputs } = spec;
  const get = <T>(name: string): T => variables.get(name) as unknown as T;
  const layout = new Map(blocks(spec).map((block) => [block.name, block]));
  const block = (name: string) => (x: Tensor5D, skip?: Tensor5D): Tensor5D =>
    [1, 2].reduce((input, i) => {
      const convolved = convolution(input, get(`${name}.conv${i}.weight`), i === 1 ? skip : undefined);
      if (i > 1 || name !== downBlock(0)) input.dispose();
      const normed = replaced(convolved, instanceNorm(convolved, get(`${name}.norm${i}.weight`), get(`${name}.norm${i}.bias`), { irreps: scalars(layout.get(name)!.to), epsilon }));
      return replaced(normed, leakyRelu(normed, { slope }));
    }, x);
  return runUnet(
    {
      extents: poolingExtents(spec),
      variables,
      down: (level) => block(downBlock(level)),
      pool: (level) => (x) => maxPool(x, { irreps: scalars(featuresOfLevel(spec, level)), extent: halving }),
      upsample: () => (x) => upsampleTrilinear(x, halving),
      up: (level) => block(upBlock(level, poolings)),
      out: (x) => selfConnection(x, get('out.weight'), get('bias'), { irrepsIn: scalars(features), irrepsOut: scalars(outputs) }),
      keptChannels: (name) => layout.get(name)!.from + 5 * layout.get(name)!.to,
    },
    image,
  );
}
