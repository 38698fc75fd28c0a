/** @file The steerable U-Net of Diaz, Geiger and McKinley (MELBA 2024:010): e3nn_Unet's `equivariant_unet_physical_units`. */
import type { Tensor1D, Tensor2D, Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { SteerableUnetSpec } from '../contract/model-spec';
import type { Level } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, harmonicIrreps, scalarCopies, type Irreps } from '../math/so3/irreps';
import { lattice, type LatticeSpec } from '../math/so3/lattice';
import { liveWeightsOf, pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { gate } from '../ops/gate';
import { instanceNorm } from '../ops/instance-norm';
import { maxPool } from '../ops/max-pool';
import { upsampleTrilinear } from '../ops/resample';
import { selfConnection } from '../ops/self-connection';
import { steerableConvolution } from '../ops/steerable-convolution';
import { steerableLayout } from './steerable-layout';
import { downBlock, runUnet, upBlock, type Block } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const epsilon = 1e-5;
/** Of the first weights where a norm follows and so does not see their scale: it sets how far a step of Adam, as long as the learning rate, turns them (e3nn's 1 makes that 0.5 % at 5e-3). */
const normedDeviation = 0.1;
const harmonicsOf = ({ maximumDegree, equivariance }: SteerableUnetSpec): Irreps => harmonicIrreps(maximumDegree, equivariance === 'O3' ? -1 : 1);
/** The lattice of a level; where voxels are cubes it is measured in them, so that all levels share one. */
function latticeOf({ radialFunctions, cutoff }: SteerableUnetSpec, { diameter, steps }: Level): LatticeSpec {
  const unit = steps.every((step) => step === steps[0]) ? steps[0] : 1;
  return { diameter: diameter / unit, steps: [steps[0] / unit, steps[1] / unit, steps[2] / unit], radialFunctions, cutoff };
}

/** Refuses what the spec can say and the engine does not compute yet. */
function checkBuilt(spec: SteerableUnetSpec): void {
  const built: [keyof SteerableUnetSpec, boolean][] = [
    ['equivariance', spec.equivariance === 'SO3'],
    ['maximumDegree', spec.maximumDegree === 2],
    ['kernelSize', spec.kernelSize === 3 || spec.kernelSize === 5],
    ['steps', spec.steps.every((step) => step === 1)],
    ['scale', spec.scale === 2],
    ['normalisation', spec.normalisation.kind === 'instance' && spec.normalisation.by === 'root-mean-square'],
    ['pooling', spec.pooling === 'norm'],
    ['dropout', spec.dropout === 0],
    ['bias', spec.bias],
    ['padding', spec.padding === 'centred'],
  ];
  const missing = built.filter(([, is]) => !is).map(([field]) => field);
  if (missing.length > 0) throw badInput(`This version of Gyra cannot build a network with this ${missing.join(', ')}.`, 'Leave these fields of the model at their defaults.');
}

export function planSteerableUnet(spec: SteerableUnetSpec): readonly PlannedVariable[] {
  checkBuilt(spec);
  const { blocks, last, output } = steerableLayout(spec);
  const deviation = spec.normalisation.kind === 'none' ? 1 : normedDeviation;
  const layers = blocks.flatMap(({ name, level, irrepsIn, irreps }) => {
    const gated = gateInputIrreps(irreps);
    const voxels = lattice(latticeOf(spec, level));
    return [irrepsIn, irreps].flatMap((from, i): PlannedVariable[] => {
      const paths = pathsOf(from, gated, harmonicsOf(spec));
      return [
        { name: `${name}.conv${i + 1}.weight`, shape: [spec.radialFunctions, weightsOf(paths)], start: { normal: deviation }, live: liveWeightsOf(paths, voxels) },
        { name: `${name}.conv${i + 1}.sc.weight`, shape: [weightsOf(selfPathsOf(from, gated))], start: { normal: deviation } },
        { name: `${name}.batchnorm${i + 1}.weight`, shape: [copies(gated)], start: { constant: 1 } },
        { name: `${name}.batchnorm${i + 1}.bias`, shape: [scalarCopies(gated)], start: { constant: 0 } },
      ];
    });
  });
  return [...layers, { name: 'out.weight', shape: [weightsOf(selfPathsOf(last, output))], start: { normal: 1 } }, { name: 'bias', shape: [scalarCopies(output)], start: { constant: 0 } }];
}

export function steerableUnetLogits(spec: SteerableUnetSpec, variables: ReadonlyMap<string, Variable>, image: Tensor5D): Tensor5D {
  const { poolings } = spec;
  const { blocks, pooled, last, output } = steerableLayout(spec);
  const get = <T>(name: string): T => variables.get(name) as unknown as T;
  const layout = new Map(blocks.map((block) => [block.name, block]));
  const block = (name: string): Block => (x) => {
    const { level, irrepsIn, irreps } = layout.get(name)!;
    const gated = gateInputIrreps(irreps);
    return [irrepsIn, irreps].reduce((features, from, i) => {
      const convolved = steerableConvolution(features, get<Tensor2D>(`${name}.conv${i + 1}.weight`), get<Tensor1D>(`${name}.conv${i + 1}.sc.weight`), { irrepsIn: from, irrepsOut: gated, harmonics: harmonicsOf(spec), lattice: latticeOf(spec, level) });
      const normed = instanceNorm(convolved, get(`${name}.batchnorm${i + 1}.weight`), get(`${name}.batchnorm${i + 1}.bias`), { irreps: gated, epsilon });
      return gate(normed, { irreps });
    }, x);
  };
  return runUnet(
    {
      poolings,
      down: (level) => block(downBlock(level)),
      pool: (level) => (x) => maxPool(x, { irreps: pooled[level]!, extent: [2, 2, 2] }),
      upsample: () => (x) => upsampleTrilinear(x, [2, 2, 2]),
      up: (level) => block(upBlock(level, poolings)),
      out: (x) => selfConnection(x, get('out.weight'), get('bias'), { irrepsIn: last, irrepsOut: output }),
    },
    image,
  );
}
