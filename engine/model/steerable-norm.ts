/** @file Norm, gate and dropout of a steerable network, as its spec asks: what differs between training and evaluation. */
import { add, mul, reshape, rsqrt, slice, sub, tensor, tensor2d, tile, zeros, type Tensor1D, type Tensor2D, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import type { SteerableUnetSpec } from '../contract/model-spec';
import { Random } from '../math/random';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, copiesOf, dimension, scalarCopies, type Irreps } from '../math/so3/irreps';
import { gate } from '../ops/gate';
import { gatedInstanceNorm } from '../ops/gated-instance-norm';
import { asOneItem, normStatistics } from '../ops/instance-norm';
import { scaleCopies } from '../ops/scale-copies';
import type { TrainingStep } from './network';
import { replaced, type Block } from './unet-frame';

const epsilon = 1e-5;
/** Share of the newest batch in the running statistics; e3nn's `momentum`. */
const momentum = 0.1;

export interface NormVariables {
  /** A variable under its name, or no elements where the network has none of it. */
  get(name: string): Tensor1D;
  readonly statistics: ReadonlyMap<string, Variable>;
}

/** The norm called `name` and the gate that gives these irreps, which reads the normed features. */
export function steerableGatedNorm({ normalisation: { kind, by } }: SteerableUnetSpec, { get, statistics }: NormVariables, training?: TrainingStep): (name: string, irreps: Irreps) => Block {
  // as they are before this step: computing a block again for its gradient moves them to the same place
  const before = new Map(training ? [...statistics].map(([name, value]) => [name, value.dataSync<'float32'>()]) : []);
  const move = (name: string, now: ArrayLike<number>): void => {
    const moved = tensor(before.get(name)!.map((value, i) => (1 - momentum) * value + momentum * now[i]!));
    statistics.get(name)!.assign(moved);
    moved.dispose();
  };
  return (name, irreps) => (x) => {
    const [weight, bias] = [get(`${name}.weight`), get(`${name}.bias`)];
    if (kind === 'none') return gate(x, { irreps });
    if (kind === 'instance') return gatedInstanceNorm(x, weight, bias, { irreps, epsilon, by });
    const normed = gateInputIrreps(irreps);
    if (!training) {
      const factors = mul(weight, rsqrt(add(get(`${name}.running_var`), epsilon))) as Tensor1D;
      // a gate's input irreps are merged: its even scalars stand together
      const scalars = slice(factors, [Math.max(0, copiesOf(normed).findIndex(({ degree, parity }) => degree === 0 && parity === 1))], [scalarCopies(normed)]);
      const shift = sub(bias, mul(get(`${name}.running_mean`), scalars)) as Tensor1D;
      const scaled = scaleCopies(x, tile(reshape(factors, [1, copies(normed)]) as Tensor2D, [x.shape[0], 1]), shift, { irreps: normed });
      return replaced(scaled, gate(scaled, { irreps }));
    }
    const all = asOneItem(x);
    const { mean, square } = normStatistics(all, { irreps: normed, by });
    if (mean.size > 0) move(`${name}.running_mean`, mean.dataSync());
    move(`${name}.running_var`, square.dataSync());
    return reshape(gatedInstanceNorm(all, weight, bias, { irreps, epsilon, by }), [...x.shape.slice(0, -1), dimension(irreps)] as Tensor5D['shape']);
  };
}

/** Drops whole copies of each batch item in training, and scales what is kept so that its mean stays. */
export function steerableDropout({ dropout }: SteerableUnetSpec, training?: TrainingStep): (name: string, irreps: Irreps) => Block {
  return (name, irreps) => (x) => {
    if (!training || dropout === 0) return x;
    const random = Random.stream(training.seed, `dropout ${training.step} ${name}`);
    const factors = Float32Array.from({ length: x.shape[0] * copies(irreps) }, () => (random.uniform() < dropout ? 0 : 1 / (1 - dropout)));
    return scaleCopies(x as Tensor5D, tensor2d(factors, [x.shape[0], copies(irreps)]), zeros([scalarCopies(irreps)]), { irreps });
  };
}
