/** @file The layers of `voxel_convolution` as cases of our operator: attributes, inputs, and what e3nn_Unet gives. */
import { parseIrreps } from '../../engine/math/so3/irreps';
import { lattice } from '../../engine/math/so3/lattice';
import type { Cutoff } from '../../engine/math/so3/radial-basis';
import type { SteerableConvolutionAttributes } from '../../engine/ops/operators';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { channelsLast } from './channels-last';
import type { GoldenFile } from './safetensors-file';

interface Path {
  i_in: number; i_sh: number; i_out: number; offset: number; coefficient: number;
}
export interface ConvolutionSpec {
  irreps_in: string; irreps_out: string; irreps_sh: string; num_radial_basis: number; steps: readonly [number, number, number]; cutoff: Cutoff; weight_numel: number;
  paths: Path[];
  self_connection: Omit<Path, 'i_sh'>[];
  type: 'Convolution' | 'ConvolutionVoxel';
  diameter?: number;
  size?: number;
}
export interface ConvolutionCase {
  readonly name: string;
  readonly spec: ConvolutionSpec;
  readonly attributes: SteerableConvolutionAttributes;
  readonly inputs: Readonly<Record<'dy' | 'x' | 'weight' | 'self', NumberArray>>;
  readonly expected: Readonly<Record<'y' | 'dx' | 'dweight' | 'dself', NumberArray>>;
  /** [channel out, channel in, x, y, z], where it is stored. */
  readonly kernel?: NumberArray;
}

/** `size3_cutoff_is_zero` is not one of them: a kernel that is zero everywhere is refused. */
export const convolutionCases = (file: GoldenFile): readonly ConvolutionCase[] =>
  Object.entries(file.cases as Record<string, unknown> as Record<string, ConvolutionSpec>).filter(([name]) => !name.endsWith('is_zero')).map(([name, spec]) => {
    const get = (tensor: string): NumberArray => (file.has(`${name}/${tensor}`) ? file.get(`${name}/${tensor}`) : { shape: [0], data: new Float64Array() });
    const { attributes, factor } = operatorOf(spec);
    const scaled = ({ shape, data }: NumberArray, by: number): NumberArray => ({ shape, data: data.map((value) => value * by) });
    return {
      name, spec, attributes,
      inputs: { dy: channelsLast(get('grad_output')), x: channelsLast(get('input')), weight: scaled(get('state/weight'), factor), self: get('state/sc.weight') },
      expected: { y: channelsLast(get('output')), dx: channelsLast(get('grad_input')), dweight: scaled(get('grad_weight'), 1 / factor), dself: get('grad_sc_weight') },
      kernel: file.has(`${name}/kernel`) ? scaled(get('kernel'), spec.type === 'ConvolutionVoxel' ? 0.1 : 1) : undefined,
    };
  });

/**
 * The legacy `ConvolutionVoxel` is ours on a lattice from -1 to 1, R = 1, with as many functions as voxels along the longest axis; it multiplies by size^-1.5 and 0.1 instead of 1 / P: a factor of the
 * weights.
 */
export function operatorOf({ irreps_in, irreps_out, irreps_sh, num_radial_basis: radialFunctions, steps, cutoff, diameter, size = 0 }: ConvolutionSpec): { attributes: SteerableConvolutionAttributes; factor: number } {
  const irreps = { irrepsIn: parseIrreps(irreps_in), irrepsOut: parseIrreps(irreps_out), harmonics: parseIrreps(irreps_sh) };
  if (diameter !== undefined) return { attributes: { ...irreps, lattice: { diameter, steps, radialFunctions, cutoff } }, factor: 1 };
  const [x, y, z] = steps.map((step) => (2 / (size - 1)) * (step / Math.min(...steps)));
  const spec = { diameter: 2, steps: [x, y, z], radialFunctions, cutoff } as const;
  return { attributes: { ...irreps, lattice: spec }, factor: 0.1 * size ** -1.5 * lattice(spec).points };
}
