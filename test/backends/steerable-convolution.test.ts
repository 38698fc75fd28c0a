import { dimension, harmonicIrreps, parseIrreps } from '../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { describeKernel, randomArray } from './describe-kernel';

/** Sizes as [batch, z, y, x]. Irreps with unmerged entries are those behind a concatenation. */
const settings: readonly { irrepsIn: string; irrepsOut: string; size: readonly number[]; kernelSize: number; radialFunctions?: number; cutoff?: boolean }[] = [
  { irrepsIn: '1x0e', irrepsOut: '1x0e', size: [1, 1, 1, 1], kernelSize: 5 },
  { irrepsIn: '1x0e', irrepsOut: '7x0e+2x1e+1x2e', size: [1, 3, 5, 7], kernelSize: 5 },
  { irrepsIn: '1x1e', irrepsOut: '1x1e', size: [1, 6, 5, 4], kernelSize: 5 },
  { irrepsIn: '1x2e', irrepsOut: '1x2e', size: [1, 4, 6, 5], kernelSize: 5 },
  { irrepsIn: '2x1e+1x2e', irrepsOut: '3x0e+1x2e', size: [1, 7, 3, 11], kernelSize: 3, radialFunctions: 4 },
  { irrepsIn: '4x0e+2x1e+1x2e', irrepsOut: '7x0e+2x1e+1x2e', size: [1, 11, 10, 13], kernelSize: 5 },
  { irrepsIn: '4x0e+2x1e+1x2e+2x0e+1x1e+1x2e', irrepsOut: '6x0e+1x1e+1x2e', size: [1, 8, 9, 8], kernelSize: 5 },
  { irrepsIn: '8x0e+4x1e+2x2e', irrepsOut: '14x0e+4x1e+2x2e', size: [1, 5, 17, 19], kernelSize: 3 },
  { irrepsIn: '5x0e+3x1e+2x2e', irrepsOut: '9x0e+3x1e+3x2e', size: [2, 4, 5, 12], kernelSize: 5 },
  { irrepsIn: '4x0e+2x1e+1x2e', irrepsOut: '7x0e+2x1e+1x2e', size: [1, 9, 6, 7], kernelSize: 5, cutoff: false },
  { irrepsIn: '2x0e+1x1e+1x2e', irrepsOut: '2x0e+1x1e+2x2e', size: [1, 5, 6, 7], kernelSize: 3, cutoff: false },
];
const cases = settings.map(({ irrepsIn: from, irrepsOut: to, size, kernelSize, radialFunctions = 5, cutoff = true }, i) => {
  const [irrepsIn, irrepsOut] = [parseIrreps(from), parseIrreps(to)];
  return {
    label: `${from} -> ${to}, ${size.join(' x ')}, ${kernelSize}^3, cut-off ${cutoff ? 'on' : 'off'}`,
    inputs: {
      x: randomArray(`x${i}`, ...size, dimension(irrepsIn)),
      dy: randomArray(`dy${i}`, ...size, dimension(irrepsOut)),
      weight: randomArray(`weight${i}`, radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonicIrreps(2)))),
      self: randomArray(`self${i}`, weightsOf(selfPathsOf(irrepsIn, irrepsOut))),
    },
    attributes: { irrepsIn, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: kernelSize, steps: [1, 1, 1] as const, radialFunctions, cutoff } },
  };
});

describeKernel('SteerableConvolution', cases.map(({ inputs: { x, weight, self }, ...one }) => ({ ...one, inputs: { x, weight, self } })));
describeKernel('SteerableConvolutionBackward', cases);
