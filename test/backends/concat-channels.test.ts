import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { voxels: [1, 1, 1, 1], channelsA: 1, channelsB: 1 },
  { voxels: [1, 5, 3, 7], channelsA: 3, channelsB: 13 },
  { voxels: [2, 16, 17, 5], channelsA: 30, channelsB: 60 },
  { voxels: [1, 20, 20, 20], channelsA: 7, channelsB: 4 },
];
const label = ({ voxels, channelsA, channelsB }: (typeof cases)[0]) => `${voxels.join(' x ')}, ${channelsA} + ${channelsB} channels`;

describeKernel(
  'ConcatChannels',
  cases.map((c) => ({ label: label(c), inputs: { a: randomArray('a', ...c.voxels, c.channelsA), b: randomArray('b', ...c.voxels, c.channelsB) }, attributes: {} })),
  1e-12,
);
describeKernel(
  'ConcatChannelsBackward',
  cases.map((c) => ({ label: label(c), inputs: { dy: randomArray('dy', ...c.voxels, c.channelsA + c.channelsB) }, attributes: { channelsA: c.channelsA } })),
  1e-12,
);
