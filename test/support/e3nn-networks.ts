/** @file Networks of e3nn_Unet as their fixtures describe them, in our spec. */
import { steerableUnetSpec, type SteerableUnetSpec } from '../../engine/contract/model-spec';
import { dimension, parseIrreps } from '../../engine/math/so3/irreps';

interface Options {
  n: number; n_downsample?: number; equivariance?: 'SO3' | 'O3'; lmax?: number; batch_norm?: 'instance' | 'batch' | 'None'; down_op?: string; scale?: number; is_bias?: boolean; scalar_upsampling?: boolean; dropout_prob?: number; cutoff?: boolean;
  diameter: number; num_radial_basis: number; steps: [number, number, number];
  /** Of the legacy network, in voxels. */
  kernel_size?: number;
}
export interface NetworkCase {
  type: string; options: Options; irreps_in: string; irreps_out: string;
}

/** The spec of a network of `equivariant_unet_physical_units`. */
export function specOf({ options: o, irreps_in: inputIrreps, irreps_out: outputIrreps }: NetworkCase): SteerableUnetSpec {
  const [poolings, scale, isO3] = [o.n_downsample ?? 2, o.scale ?? 2, o.equivariance === 'O3'];
  const odd = (text: string): string => (isO3 ? `+${text}` : '');
  const scalars = (multiplicity: number): string => `${multiplicity}x0e${odd(`${multiplicity}x0o`)}`;
  return steerableUnetSpec.parse({
    architecture: 'steerable-unet',
    inputs: dimension(parseIrreps(inputIrreps)), inputIrreps, outputs: dimension(parseIrreps(outputIrreps)), outputIrreps, poolings, scale,
    irreps: `${scalars(4 * o.n)}+${2 * o.n}x1e${odd(`${2 * o.n}x1o`)}+${o.n}x2e${odd(`${o.n}x2o`)}`,
    upIrreps: o.scalar_upsampling ? scalars(8 * o.n) : `${scalars(4 * o.n)}+${2 * o.n}x1e+${o.n}x2e${odd(`${2 * o.n}x1o+${o.n}x2o`)}`,
    equivariance: o.equivariance ?? 'SO3', maximumDegree: o.lmax ?? 2, kernelSize: o.diameter, radialFunctions: o.num_radial_basis, cutoff: o.cutoff ?? false,
    // every level's steps from the first ones
    steps: Array.from({ length: poolings + 1 }, (_, level) => o.steps.map((step) => (level > 0 && step < scale * 2 ** (level - 1) ? Math.floor((scale * 2 ** (level - 1)) / step) * step : step))),
    normalisation: { kind: o.batch_norm === 'None' ? 'none' : (o.batch_norm ?? 'instance') },
    pooling: o.down_op === 'average' ? 'average' : isO3 ? 'signed-norm' : 'norm',
    dropout: o.dropout_prob ?? 0, bias: o.is_bias ?? true, padding: 'front',
  });
}

/** The spec of a network of `equivariant_unet` in SO(3): its lattice reaches `size - 1` voxels across. */
export const legacySpecOf = (one: NetworkCase): SteerableUnetSpec => {
  const { kernel_size: size = 5, down_op = 'lowpass' } = one.options;
  return { ...specOf({ ...one, options: { ...one.options, diameter: size - 1, num_radial_basis: size, steps: [1, 1, 1], down_op } }), pooling: down_op === 'lowpass' ? 'low-pass' : 'average' };
};
/** What a weight of a legacy convolution is multiplied by: its kernels are divided by size^1.5 and multiplied by 0.1, ours divided by the number of lattice points. */
export const legacyWeightFactor = (size: number): number => 0.1 * size ** 1.5;
