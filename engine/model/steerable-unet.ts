/** @file The steerable U-Net of Diaz, Geiger and McKinley (MELBA 2024:010): e3nn_Unet's `equivariant_unet_physical_units`. */
import { tidy, zeros, type Tensor, type Tensor1D, type Tensor2D, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import type { SteerableUnetSpec } from '../contract/model-spec';
import { poolingExtents, pooledSizes, roundedUp, type AlongAxes, type Level } from '../contract/network-sizes';
import { badInput, GyraError } from '../contract/problem';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, scalarCopies, type Irreps } from '../math/so3/irreps';
import { lattice, type Lattice, type LatticeSpec } from '../math/so3/lattice';
import { liveWeightsOf, pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { maxPool } from '../ops/max-pool';
import { resample } from '../ops/resample';
import { selfConnection } from '../ops/self-connection';
import { steerableConvolution } from '../ops/steerable-convolution';
import { checkReach } from './check-reach';
import type { TrainingStep } from './network';
import { steerableLayout } from './steerable-layout';
import { steerableDropout, steerableGatedNorm } from './steerable-norm';
import { downBlock, replaced, runUnet, upBlock, type Block } from './unet-frame';
import type { PlannedVariable } from './variable-plan';

const harmonicsOf = ({ maximumDegree, equivariance }: SteerableUnetSpec): Irreps => harmonicIrreps(maximumDegree, equivariance === 'O3' ? -1 : 1);

/** The lattice of a level; where voxels are cubes it is measured in them, so that all levels share one. */
function latticeOf({ radialFunctions, cutoff }: SteerableUnetSpec, { diameter, steps }: Level): LatticeSpec {
  const unit = steps.every((step) => step === steps[0]) ? steps[0] : 1;
  return { diameter: diameter / unit, steps: [steps[0] / unit, steps[1] / unit, steps[2] / unit], radialFunctions, cutoff };
}

/** @throws GyraError in the unit of the spec, which says how far down the level lies: there kernels are larger than the spec's */
function latticeBelow(spec: SteerableUnetSpec, level: Level, poolings: number): Lattice {
  const measured = latticeOf(spec, level);
  try {
    return lattice(measured);
  } catch (error) {
    throw error instanceof GyraError ? inUnitOfSpec(error, { ...measured, diameter: level.diameter, steps: level.steps }, poolings) : error;
  }
}

function inUnitOfSpec(problem: GyraError, measured: LatticeSpec, poolings: number): GyraError {
  let own = problem;
  try {
    lattice(measured);
  } catch (error) {
    if (error instanceof GyraError) own = error;
  }
  return poolings === 0 ? own : badInput(`${own.message} It is the kernel below ${poolings} pooling${poolings === 1 ? '' : 's'}; each doubles kernelSize and scale.`, own.remedy);
}

export function planSteerableUnet(spec: SteerableUnetSpec): readonly PlannedVariable[] {
  const { kind } = spec.normalisation;
  const layout = steerableLayout(spec);
  const { levels, blocks, last, output } = layout;
  const lattices = levels.map((level, poolings) => latticeBelow(spec, level, poolings));
  checkReach(layout, lattices, harmonicsOf(spec));
  const layers = blocks.flatMap(({ name, level, irrepsIn, irreps }) => {
    const gated = gateInputIrreps(irreps);
    const voxels = lattices[levels.indexOf(level)]!;
    return [irrepsIn, irreps].flatMap((from, i): PlannedVariable[] => {
      const paths = pathsOf(from, gated, harmonicsOf(spec));
      const norm = `${name}.batchnorm${i + 1}`;
      const affine: PlannedVariable[] = [
        { name: `${norm}.weight`, shape: [copies(gated)], start: { constant: 1 } },
        { name: `${norm}.bias`, shape: [scalarCopies(gated)], start: { constant: 0 } },
      ];
      const running: PlannedVariable[] = [
        { name: `${norm}.running_mean`, shape: [scalarCopies(gated)], start: { constant: 0 }, isStatistic: true },
        { name: `${norm}.running_var`, shape: [copies(gated)], start: { constant: 1 }, isStatistic: true },
      ];
      return [
        { name: `${name}.conv${i + 1}.weight`, shape: [spec.radialFunctions, weightsOf(paths)], start: { normal: 1 }, live: liveWeightsOf(paths, voxels) },
        { name: `${name}.conv${i + 1}.sc.weight`, shape: [weightsOf(selfPathsOf(from, gated))], start: { normal: 1 } },
        ...(kind === 'none' ? [] : affine),
        ...(kind === 'batch' ? running : []),
      ];
    });
  });
  const out: PlannedVariable = { name: 'out.weight', shape: [weightsOf(selfPathsOf(last, output))], start: { normal: 1 } };
  const bias: PlannedVariable = { name: 'bias', shape: [scalarCopies(output)], start: { constant: 0 } };
  return [...layers, out, ...(spec.bias ? [bias] : [])].filter(({ shape }) => !shape.includes(0));
}

export function steerableUnetLogits(spec: SteerableUnetSpec, variables: ReadonlyMap<string, Variable>, statistics: ReadonlyMap<string, Variable>, image: Tensor5D, training?: TrainingStep): Tensor5D {
  const { poolings, pooling } = spec;
  const { blocks, levels, pooled, last, output } = steerableLayout(spec);
  /** What the plan leaves out has no elements, but for a bias that is turned off. */
  const get = <T extends Tensor = Tensor1D>(name: string, missing = 0): T => (variables.get(name) ?? statistics.get(name) ?? zeros([missing])) as Tensor as T;
  const layout = new Map(blocks.map((block) => [block.name, block]));
  const gatedNorm = steerableGatedNorm(spec, { get, statistics }, training);
  const dropout = steerableDropout(spec, training);
  const block = (name: string) => (x: Tensor5D, skip?: Tensor5D): Tensor5D => {
    const { level, irrepsIn, irreps } = layout.get(name)!;
    const gated = gateInputIrreps(irreps);
    return [irrepsIn, irreps].reduce((features, from, i) => {
      const convolved = steerableConvolution(features, get<Tensor2D>(`${name}.conv${i + 1}.weight`), get(`${name}.conv${i + 1}.sc.weight`), { irrepsIn: from, irrepsOut: gated, harmonics: harmonicsOf(spec), lattice: latticeOf(spec, level) }, i === 0 ? skip : undefined);
      if (i > 0 || name !== downBlock(0)) features.dispose();
      const active = replaced(convolved, gatedNorm(`${name}.batchnorm${i + 1}`, irreps)(convolved));
      return replaced(active, dropout(`${name} ${i + 1}`, irreps)(active));
    }, x);
  };
  const pool = (irreps: Irreps, extent: AlongAxes): Block => {
    if (pooling === 'average' || pooling === 'low-pass') return (x) => resample(x, pooling, extent);
    // by signed value is what an even scalar has
    const pooledAs = pooling === 'norm' ? irreps : irreps.map((entry) => (entry.degree === 0 ? { ...entry, parity: 1 as const } : entry));
    // zeros in front already break the symmetry that ties come from: there norms decide alone, as in e3nn_Unet
    return (x) => maxPool(x, { irreps: pooledAs, extent, ...(spec.padding === 'front' && { tie: 0 }) });
  };
  const network = (x: Tensor5D): Tensor5D =>
    runUnet(
      {
        extents: poolingExtents(spec),
        variables,
        down: (level) => block(downBlock(level)),
        pool: (level) => pool(pooled[level]!, levels[level]!.extent),
        upsample: (level) => (below) => resample(below, pooling === 'low-pass' ? 'low-pass-up' : 'linear', levels[level]!.extent),
        up: (level) => block(upBlock(level, poolings)),
        out: (features) => selfConnection(features, get('out.weight'), get('bias', scalarCopies(output)), { irrepsIn: last, irrepsOut: output }),
        keptChannels: (name) => {
          const { irrepsIn, irreps } = layout.get(name)!;
          // what dropout reads is kept beside what it gives
          return dimension(irrepsIn) + (spec.dropout > 0 ? 3 : 1) * dimension(irreps) + 2 * dimension(gateInputIrreps(irreps));
        },
      },
      x,
    );
  if (spec.padding === 'centred') return network(image);
  // zeros that the norms see, as in e3nn_Unet
  const size = [image.shape[3], image.shape[2], image.shape[1]] as const;
  const padding = roundedUp(pooledSizes(spec), size).map((padded, axis) => padded - size[axis]!) as unknown as AlongAxes;
  return tidy(() => resample(network(resample(image, 'pad', padding)), 'crop', padding));
}
