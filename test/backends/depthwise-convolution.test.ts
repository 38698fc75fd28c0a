import { describeKernel, randomArray } from './describe-kernel';

/** Kernel, channels, voxels: single ones, primes, rows that end in the middle of a tile, several regions, channels beside whole vectors and more than one bundle of them. */
const cases = [
  { kernelSize: 5, channels: 1, voxels: [1, 1, 1, 1] },
  { kernelSize: 5, channels: 32, voxels: [1, 4, 5, 8] },
  { kernelSize: 5, channels: 7, voxels: [2, 17, 3, 11] },
  { kernelSize: 5, channels: 13, voxels: [1, 3, 26, 2] },
  { kernelSize: 5, channels: 20, voxels: [1, 18, 13, 7] },
  { kernelSize: 3, channels: 5, voxels: [2, 2, 1, 13] },
  { kernelSize: 3, channels: 24, voxels: [1, 6, 14, 6] },
  { kernelSize: 1, channels: 6, voxels: [1, 3, 2, 5] },
  { kernelSize: 7, channels: 4, voxels: [1, 5, 4, 9] },
].map(({ kernelSize: k, channels, voxels }) => ({
  label: `${k}^3, ${channels} channels, ${voxels.join(' x ')}`,
  kernelSize: k,
  x: randomArray('x', ...voxels, channels),
  dy: randomArray('dy', ...voxels, channels),
  weight: randomArray('weight', k, k, k, channels),
}));

describeKernel('DepthwiseConvolution', cases.map(({ label, x, weight }) => ({ label, inputs: { x, weight }, attributes: {} })));
describeKernel('DepthwiseConvolutionBackwardInput', cases.map(({ label, dy, weight }) => ({ label, inputs: { dy, weight }, attributes: {} })));
describeKernel('DepthwiseConvolutionBackwardWeight', cases.map(({ label, dy, x, kernelSize }) => ({ label, inputs: { dy, x }, attributes: { kernelSize } })));
