import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { order: 1, channels: 1, voxels: [1, 1, 1, 1] },
  { order: 4, channels: 3, voxels: [1, 11, 13, 17] },
  { order: 24, channels: 2, voxels: [2, 3, 5, 4] },
].map(({ order, channels, voxels }) => ({ label: `${channels} channels of ${order} elements, ${voxels.join(' x ')}`, attributes: { order }, x: randomArray('x', ...voxels, order * channels), dy: randomArray('dy', ...voxels, channels) }));
const equal = { label: 'equal values: the first wins', attributes: { order: 3 }, x: { shape: [1, 1, 1, 1, 6], data: Float64Array.of(1, 5, 2, 5, 2, 5) }, dy: randomArray('dy', 1, 1, 1, 1, 2) };

describeKernel('GroupMaximum', cases.map(({ label, attributes, x }) => ({ label, inputs: { x }, attributes })));
describeKernel('GroupMaximumBackward', [...cases, equal].map(({ label, attributes, x, dy }) => ({ label, inputs: { dy, x }, attributes })));
