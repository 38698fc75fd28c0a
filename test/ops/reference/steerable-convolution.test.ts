import { describe, expect, it } from 'vitest';
import { lattice } from '../../../engine/math/so3/lattice';
import { steerableKernel } from '../../../engine/math/so3/steerable-kernel';
import { pathsOf, selfPathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import { steerableConvolution, steerableConvolutionBackward } from '../../../engine/ops/reference/steerable-convolution';
import { convolutionCases, operatorOf } from '../../support/convolution-cases';
import type { ConvolutionSpec } from '../../support/convolution-cases';
import { relativeError } from '../../support/relative-error';
import { fixtureFile, goldenFile } from '../../support/safetensors-file';

/** Kernels above this are stored as float32. */
const largestExactKernel = 12000;

describe.each([
  ['golden', goldenFile('voxel_convolution'), 7],
  ['fixtures', fixtureFile('voxel_convolution'), 21],
] as const)('steerable convolution against e3nn_Unet: %s', (_, file, count) => {
  const cases = file ? convolutionCases(file) : [];

  it.skipIf(!file)('has cases', () => expect(cases).toHaveLength(count));

  describe.each(cases.map((one) => [one.name, one] as const))('%s', (_name, { spec, attributes, inputs, expected, kernel }) => {
    const { irrepsIn, irrepsOut, harmonics } = attributes;

    it('paths', () => {
      const paths = pathsOf(irrepsIn, irrepsOut, harmonics);
      expect(paths.map((p) => [p.entryIn, p.degree, p.entryOut, p.offset])).toEqual(spec.paths.map((p) => [p.i_in, p.i_sh, p.i_out, p.offset]));
      expect(relativeError(paths.map((p) => p.coefficient), spec.paths.map((p) => p.coefficient))).toBeLessThan(1e-12);
      expect(weightsOf(paths)).toBe(spec.weight_numel);
      const selfPaths = selfPathsOf(irrepsIn, irrepsOut);
      expect(selfPaths.map((p) => [p.entryIn, p.entryOut, p.offset])).toEqual(spec.self_connection.map((p) => [p.i_in, p.i_out, p.offset]));
      expect(relativeError(selfPaths.map((p) => p.coefficient), spec.self_connection.map((p) => p.coefficient))).toBeLessThan(1e-12);
    });

    it.skipIf(!kernel)('dense kernel', () => {
      const grid = lattice(attributes.lattice);
      const taps = steerableKernel({ ...attributes, lattice: grid }, inputs.weight.data);
      const [channelsOut, channelsIn, ...sizes] = kernel!.shape;
      expect(sizes).toEqual(grid.reach.map((reach) => 2 * reach + 1));
      const dense = new Float64Array(kernel!.data.length);
      grid.taps.forEach(({ offset }, t) => {
        const point = offset.reduce((index, o, axis) => index * sizes[axis] + o + grid.reach[axis], 0);
        for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) dense[(o * channelsIn + i) * grid.points + point] = taps[(t * channelsIn + i) * channelsOut + o];
      });
      expect(relativeError(dense, kernel!.data)).toBeLessThan(kernel!.data.length > largestExactKernel ? 1e-7 : 1e-10);
    });

    it('output and gradients', () => {
      const results = { ...steerableConvolution(inputs, attributes), ...steerableConvolutionBackward(inputs, attributes) };
      for (const name of ['y', 'dx', 'dweight', 'dself'] as const) {
        const { shape, data } = expected[name];
        if (data.length > 0) expect(results[name].shape, name).toEqual(shape);
        if (data.length > 0) expect(relativeError(results[name].data, data), name).toBeLessThan(1e-10);
      }
    });
  });

  it.skipIf(!file?.cases.voxel_size3_cutoff_is_zero)('a kernel that is zero everywhere is refused', () => {
    expect(() => lattice(operatorOf(file!.cases.voxel_size3_cutoff_is_zero as unknown as ConvolutionSpec).attributes.lattice)).toThrow('zero at every voxel');
  });
});
