import { describe, expect, it } from 'vitest';
import { parseIrreps } from '../../../engine/math/so3/irreps';
import { lattice } from '../../../engine/math/so3/lattice';
import type { Cutoff } from '../../../engine/math/so3/radial-basis';
import { steerableKernel } from '../../../engine/math/so3/steerable-kernel';
import { pathsOf, selfPathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import { steerableConvolution, steerableConvolutionBackward } from '../../../engine/ops/reference/steerable-convolution';
import { channelsLast } from '../../support/channels-last';
import { relativeError } from '../../support/relative-error';
import { fixtureFile, goldenFile } from '../../support/safetensors-file';

interface ConvolutionCase {
  irreps_in: string; irreps_out: string; irreps_sh: string; lmax: number; diameter: number; num_radial_basis: number; steps: number[]; cutoff: Cutoff; type: string; weight_numel: number;
  paths: { i_in: number; i_sh: number; i_out: number; offset: number; coefficient: number }[];
  self_connection: { i_in: number; i_out: number; offset: number; coefficient: number }[];
}
/** Ours are those with even harmonics and unit steps. */
const isOurs = ({ type, steps, irreps_sh }: ConvolutionCase): boolean => type === 'Convolution' && steps.every((step) => step === 1) && !irreps_sh.includes('o');

describe.each([
  ['golden', goldenFile('voxel_convolution'), 2],
  ['fixtures', fixtureFile('voxel_convolution'), 10],
] as const)('steerable convolution against e3nn_Unet: %s', (_, file, atLeast) => {
  const cases = Object.entries((file?.cases ?? {}) as Record<string, unknown> as Record<string, ConvolutionCase>).filter(([, spec]) => isOurs(spec));

  it.skipIf(!file)('has cases', () => expect(cases.length).toBeGreaterThanOrEqual(atLeast));

  describe.each(cases)('%s', (name, spec) => {
    const irrepsIn = parseIrreps(spec.irreps_in);
    const irrepsOut = parseIrreps(spec.irreps_out);
    const get = (tensor: string) => file!.get(`${name}/${tensor}`);

    it('paths', () => {
      const paths = pathsOf(irrepsIn, irrepsOut, spec.lmax);
      expect(paths.map((p) => [p.entryIn, p.degree, p.entryOut, p.offset])).toEqual(spec.paths.map((p) => [p.i_in, p.i_sh, p.i_out, p.offset]));
      expect(relativeError(paths.map((p) => p.coefficient), spec.paths.map((p) => p.coefficient))).toBeLessThan(1e-12);
      expect(weightsOf(paths)).toBe(spec.weight_numel);
      const selfPaths = selfPathsOf(irrepsIn, irrepsOut);
      expect(selfPaths.map((p) => [p.entryIn, p.entryOut, p.offset])).toEqual(spec.self_connection.map((p) => [p.i_in, p.i_out, p.offset]));
      expect(relativeError(selfPaths.map((p) => p.coefficient), spec.self_connection.map((p) => p.coefficient))).toBeLessThan(1e-12);
    });

    if (file!.has(`${name}/kernel`)) it('dense kernel', () => {
      const grid = lattice({ kernelSize: spec.diameter, radialFunctions: spec.num_radial_basis, cutoff: spec.cutoff });
      const kernel = steerableKernel({ irrepsIn, irrepsOut, lattice: grid, maximumDegree: spec.lmax }, get('state/weight').data);
      const golden = get('kernel');
      const [channelsOut, channelsIn, side] = golden.shape;
      const dense = new Float64Array(golden.data.length);
      grid.taps.forEach(({ offset }, t) => {
        const point = offset.reduce((index, o) => index * side + o + grid.reach, 0);
        for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) dense[(o * channelsIn + i) * side ** 3 + point] = kernel[(t * channelsIn + i) * channelsOut + o];
      });
      expect(relativeError(dense, golden.data)).toBeLessThan(golden.data.length > 12000 ? 1e-7 : 1e-12);
    });

    if (spec.cutoff === true) it('output and gradients', () => {
      const attributes = { irrepsIn, irrepsOut, lattice: { kernelSize: spec.diameter, radialFunctions: spec.num_radial_basis, cutoff: true } } as const;
      const inputs = { x: channelsLast(get('input')), weight: get('state/weight'), self: file!.has(`${name}/state/sc.weight`) ? get('state/sc.weight') : { shape: [0], data: new Float64Array() } };
      expect(relativeError(steerableConvolution(inputs, attributes).y.data, channelsLast(get('output')).data)).toBeLessThan(1e-12);
      const gradients = steerableConvolutionBackward({ ...inputs, dy: channelsLast(get('grad_output')) }, attributes);
      expect(relativeError(gradients.dx.data, channelsLast(get('grad_input')).data)).toBeLessThan(1e-12);
      expect(relativeError(gradients.dweight.data, get('grad_weight').data)).toBeLessThan(1e-12);
      if (inputs.self.data.length > 0) expect(relativeError(gradients.dself.data, get('grad_sc_weight').data)).toBeLessThan(1e-12);
    });
  });
});
