import { describeKernel, randomArray } from './describe-kernel';

/** Kernel, channels in and out, voxels: single ones, primes, channels beside whole blocks, rows that end in the middle of a tile, many channels on few voxels. */
const cases = [
  { kernelSize: 5, channelsIn: 1, channelsOut: 1, voxels: [1, 1, 1, 1] },
  { kernelSize: 5, channelsIn: 1, channelsOut: 15, voxels: [1, 3, 5, 13] },
  { kernelSize: 5, channelsIn: 5, channelsOut: 3, voxels: [2, 7, 3, 2] },
  { kernelSize: 5, channelsIn: 15, channelsOut: 30, voxels: [1, 5, 6, 17] },
  { kernelSize: 5, channelsIn: 30, channelsOut: 17, voxels: [1, 18, 2, 5] },
  { kernelSize: 5, channelsIn: 120, channelsOut: 97, voxels: [1, 3, 2, 3] },
  { kernelSize: 5, channelsIn: 6, channelsOut: 5, voxels: [1, 9, 19, 6] },
  { kernelSize: 3, channelsIn: 2, channelsOut: 9, voxels: [1, 1, 4, 5] },
  { kernelSize: 3, channelsIn: 13, channelsOut: 24, voxels: [2, 6, 7, 11] },
  { kernelSize: 3, channelsIn: 8, channelsOut: 8, voxels: [1, 20, 3, 1] },
  { kernelSize: 1, channelsIn: 7, channelsOut: 3, voxels: [1, 4, 5, 6] },
  { kernelSize: 7, channelsIn: 3, channelsOut: 4, voxels: [1, 5, 4, 9] },
  { kernelSize: 5, channelsIn: 8, channelsOut: 12, voxels: [1, 16, 16, 16] },
  { kernelSize: 5, channelsIn: 7, channelsOut: 9, voxels: [2, 17, 9, 23] },
  { kernelSize: 5, channelsIn: 5, channelsOut: 2, voxels: [1, 8, 33, 14] },
  { kernelSize: 3, channelsIn: 11, channelsOut: 8, voxels: [1, 19, 12, 37] },
].map(({ kernelSize: k, channelsIn, channelsOut, voxels }) => ({
  label: `${k}^3, ${channelsIn} to ${channelsOut} channels, ${voxels.join(' x ')}`,
  kernelSize: k,
  x: randomArray('x', ...voxels, channelsIn),
  dy: randomArray('dy', ...voxels, channelsOut),
  weight: randomArray('weight', k, k, k, channelsIn, channelsOut),
}));

/** The largest error minimal filtering along two axes may have. */
const tolerance = 2e-5;

describeKernel('Convolution', cases.map(({ label, x, weight }) => ({ label, inputs: { x, weight }, attributes: {} })), tolerance);
describeKernel('ConvolutionBackwardInput', cases.map(({ label, dy, weight }) => ({ label, inputs: { dy, weight }, attributes: {} })), tolerance);
describeKernel('ConvolutionBackwardWeight', cases.map(({ label, dy, x, kernelSize }) => ({ label, inputs: { dy, x }, attributes: { kernelSize } })));

/** Channels of the two inputs: with and without whole vectors. */
const pairs = [
  { kernelSize: 5, channelsA: 8, channelsB: 4, channelsOut: 4, voxels: [1, 6, 5, 12] },
  { kernelSize: 5, channelsA: 7, channelsB: 3, channelsOut: 9, voxels: [2, 4, 3, 7] },
  { kernelSize: 3, channelsA: 1, channelsB: 6, channelsOut: 2, voxels: [1, 3, 5, 1] },
  { kernelSize: 5, channelsA: 6, channelsB: 9, channelsOut: 7, voxels: [1, 13, 24, 17] },
].map(({ kernelSize: k, channelsA, channelsB, channelsOut, voxels }) => ({
  label: `${k}^3, ${channelsA} + ${channelsB} to ${channelsOut} channels, ${voxels.join(' x ')}`,
  attributes: { kernelSize: k, channelsA },
  a: randomArray('a', ...voxels, channelsA),
  b: randomArray('b', ...voxels, channelsB),
  dy: randomArray('dy', ...voxels, channelsOut),
  weight: randomArray('weight', k, k, k, channelsA + channelsB, channelsOut),
}));
describeKernel('ConvolutionOfTwo', pairs.map(({ label, a, b, weight }) => ({ label, inputs: { a, b, weight }, attributes: {} })), tolerance);
describeKernel('ConvolutionOfTwoBackwardInput', pairs.map(({ label, dy, weight, attributes }) => ({ label, inputs: { dy, weight }, attributes })), tolerance);
describeKernel('ConvolutionOfTwoBackwardWeight', pairs.map(({ label, dy, a, b, attributes }) => ({ label, inputs: { dy, a, b }, attributes })));
