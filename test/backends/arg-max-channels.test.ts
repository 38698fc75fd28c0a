import { describeKernel, randomArray } from './describe-kernel';

/** Three values only, so that many voxels have ties. */
const coarse = (...shape: number[]) => {
  const x = randomArray('logits', ...shape);
  x.data.forEach((value, i) => (x.data[i] = Math.round(value)));
  return x;
};

describeKernel('ArgMaxChannels', [
  { label: 'one voxel, one channel', inputs: { x: randomArray('x', 1, 1, 1, 1, 1) }, attributes: {} },
  { label: '3 channels with ties', inputs: { x: coarse(1, 31, 17, 13, 3) }, attributes: {} },
  { label: '7 channels, batch of 2', inputs: { x: randomArray('x', 2, 16, 16, 16, 7) }, attributes: {} },
]);
