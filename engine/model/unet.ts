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
import { downBlock, epsilon, featuresOfLevel, halving, replaced, runUnet, slope, unetBlocks, upBlock } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const scalars = (multiplicity: number): Irreps => [{ multiplicity, degree: 0, parity: 1 }];

export function planUnet(spec: OrdinaryUnetSpec): readonly PlannedVariable[] {
  const { kernelSize: k, inputs, features, outputs } = spec;
  const layers = unetBlocks(spec, inputs).flatMap(({ name, from, to }) =>
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
  const { inputs, poolings, features, outputs } = spec;
  const get = <T>(name: string): T => variables.get(name) as unknown as T;
  const layout = new Map(unetBlocks(spec, inputs).map((block) => [block.name, block]));
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
      pool: (level) => (x) => maxPool(x, { irreps: scalars(featuresOfLevel(features, level)), extent: halving }),
      upsample: () => (x) => upsampleTrilinear(x, halving),
      up: (level) => block(upBlock(level, poolings)),
      out: (x) => selfConnection(x, get('out.weight'), get('bias'), { irrepsIn: scalars(features), irrepsOut: scalars(outputs) }),
      keptChannels: (name) => layout.get(name)!.from + 5 * layout.get(name)!.to,
    },
    image,
  );
}
