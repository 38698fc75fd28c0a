/** @file The steerable U-Net of Diaz, Geiger and McKinley (MELBA 2024:010): e3nn_Unet's `equivariant_unet_physical_units` for unit steps, in SO(3), with instance norm and pooling by norm. */
import type { Tensor1D, Tensor2D, Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { SteerableUnetSpec } from '../contract/model-spec';
import { badInput } from '../contract/problem';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, harmonicIrreps, parseIrreps, scalarCopies, type Irreps } from '../math/so3/irreps';
import { lattice, type LatticeSpec } from '../math/so3/lattice';
import { liveWeightsOf, pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { gate } from '../ops/gate';
import { instanceNorm } from '../ops/instance-norm';
import { maxPool } from '../ops/max-pool';
import { selfConnection } from '../ops/self-connection';
import { steerableConvolution } from '../ops/steerable-convolution';
import { downBlock, runUnet, upBlock, type Block } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const epsilon = 1e-5;
const maximumDegree = 2;
const harmonics = harmonicIrreps(maximumDegree);
const latticeOf = ({ kernelSize, radialFunctions, cutoff }: SteerableUnetSpec): LatticeSpec => ({ diameter: kernelSize, steps: [1, 1, 1], radialFunctions, cutoff });

/** Irreps of a level: those of the top, doubled at each pooling. */
export function irrepsOfLevel(spec: SteerableUnetSpec, level: number): Irreps {
  const top = parseIrreps(spec.irreps);
  if (top.some(({ degree }, i) => degree > maximumDegree || (i > 0 && degree <= top[i - 1]!.degree))) throw badInput(`The irreps ${spec.irreps} are not in rising degree up to ${maximumDegree}.`, 'Write each degree once, in rising order: 8x0e+4x1e+2x2e.');
  if (top.some(({ multiplicity }) => multiplicity === 0)) throw badInput(`The irreps ${spec.irreps} hold an entry of no copies.`, 'Leave out what has no copies: 8x0e instead of 8x0e+0x1e.');
  return top.map((entry) => ({ ...entry, multiplicity: entry.multiplicity * 2 ** level }));
}
const scalars = (multiplicity: number): Irreps => [{ multiplicity, degree: 0, parity: 1 }];

/** What each block reads and gives. */
function blocks(spec: SteerableUnetSpec): { name: string; irrepsIn: Irreps; irreps: Irreps }[] {
  const { poolings, inputs } = spec;
  const down = Array.from({ length: poolings + 1 }, (_, level) => ({ name: downBlock(level), irrepsIn: level === 0 ? scalars(inputs) : irrepsOfLevel(spec, level - 1), irreps: irrepsOfLevel(spec, level) }));
  const up = Array.from({ length: poolings }, (_, i) => poolings - 1 - i).map((level) => ({ name: upBlock(level, poolings), irrepsIn: [...irrepsOfLevel(spec, level + 1), ...irrepsOfLevel(spec, level)], irreps: irrepsOfLevel(spec, level) }));
  return [...down, ...up];
}

export function planSteerableUnet(spec: SteerableUnetSpec): readonly PlannedVariable[] {
  const { radialFunctions, outputs } = spec;
  const voxels = lattice(latticeOf(spec));
  const layers = blocks(spec).flatMap(({ name, irrepsIn, irreps }) => {
    const gated = gateInputIrreps(irreps);
    return [irrepsIn, irreps].flatMap((from, i): PlannedVariable[] => {
      const paths = pathsOf(from, gated, harmonics);
      return [
        { name: `${name}.conv${i + 1}.weight`, shape: [radialFunctions, weightsOf(paths)], start: { normal: 1 }, live: liveWeightsOf(paths, voxels) },
        { name: `${name}.conv${i + 1}.sc.weight`, shape: [weightsOf(selfPathsOf(from, gated))], start: { normal: 1 } },
        { name: `${name}.batchnorm${i + 1}.weight`, shape: [copies(gated)], start: { constant: 1 } },
        { name: `${name}.batchnorm${i + 1}.bias`, shape: [scalarCopies(gated)], start: { constant: 0 } },
      ];
    });
  });
  return [...layers, { name: 'out.weight', shape: [weightsOf(selfPathsOf(irrepsOfLevel(spec, 0), scalars(outputs)))], start: { normal: 1 } }, { name: 'bias', shape: [outputs], start: { constant: 0 } }];
}

export function steerableUnetLogits(spec: SteerableUnetSpec, variables: ReadonlyMap<string, Variable>, image: Tensor5D): Tensor5D {
  const { poolings, outputs } = spec;
  const get = <T>(name: string): T => variables.get(name) as unknown as T;
  const layout = new Map(blocks(spec).map((block) => [block.name, block]));
  const block = (name: string): Block => (x) => {
    const { irrepsIn, irreps } = layout.get(name)!;
    const gated = gateInputIrreps(irreps);
    return [irrepsIn, irreps].reduce((features, from, i) => {
      const convolved = steerableConvolution(features, get<Tensor2D>(`${name}.conv${i + 1}.weight`), get<Tensor1D>(`${name}.conv${i + 1}.sc.weight`), { irrepsIn: from, irrepsOut: gated, harmonics, lattice: latticeOf(spec) });
      const normed = instanceNorm(convolved, get(`${name}.batchnorm${i + 1}.weight`), get(`${name}.batchnorm${i + 1}.bias`), { irreps: gated, epsilon });
      return gate(normed, { irreps });
    }, x);
  };
  return runUnet(
    {
      poolings,
      down: (level) => block(downBlock(level)),
      pool: (level) => (x) => maxPool(x, { irreps: irrepsOfLevel(spec, level) }),
      up: (level) => block(upBlock(level, poolings)),
      out: (x) => selfConnection(x, get('out.weight'), get('bias'), { irrepsIn: irrepsOfLevel(spec, 0), irrepsOut: scalars(outputs) }),
    },
    image,
  );
}
