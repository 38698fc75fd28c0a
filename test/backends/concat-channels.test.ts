import { zeros, type Reference } from '../../engine/ops/reference/reference';
import { describeKernel, randomArray } from './describe-kernel';

const concatChannels: Reference<'ConcatChannels'> = ({ a, b }) => {
  const [channelsA, channelsB] = [a.shape.at(-1)!, b.shape.at(-1)!];
  const y = zeros([...a.shape.slice(0, -1), channelsA + channelsB]);
  for (let i = 0; i < y.data.length; i++) {
    const [voxel, channel] = [Math.floor(i / (channelsA + channelsB)), i % (channelsA + channelsB)];
    y.data[i] = channel < channelsA ? a.data[voxel * channelsA + channel] : b.data[voxel * channelsB + channel - channelsA];
  }
  return { y };
};
const concatChannelsBackward: Reference<'ConcatChannelsBackward'> = ({ dy }, { channelsA }) => {
  const channels = dy.shape.at(-1)!;
  const [da, db] = [channelsA, channels - channelsA].map((c) => zeros([...dy.shape.slice(0, -1), c]));
  dy.data.forEach((value, i) => {
    const [voxel, channel] = [Math.floor(i / channels), i % channels];
    if (channel < channelsA) da.data[voxel * channelsA + channel] = value;
    else db.data[voxel * (channels - channelsA) + channel - channelsA] = value;
  });
  return { da, db };
};

const cases = [
  { voxels: [1, 1, 1, 1], channelsA: 1, channelsB: 1 },
  { voxels: [1, 5, 3, 7], channelsA: 3, channelsB: 13 },
  { voxels: [2, 16, 17, 5], channelsA: 30, channelsB: 60 },
  { voxels: [1, 20, 20, 20], channelsA: 7, channelsB: 4 },
];
const label = ({ voxels, channelsA, channelsB }: (typeof cases)[0]) => `${voxels.join(' x ')}, ${channelsA} + ${channelsB} channels`;

describeKernel(
  'ConcatChannels',
  concatChannels,
  cases.map((c) => ({ label: label(c), inputs: { a: randomArray('a', ...c.voxels, c.channelsA), b: randomArray('b', ...c.voxels, c.channelsB) }, attributes: {} })),
  1e-12,
);
describeKernel(
  'ConcatChannelsBackward',
  concatChannelsBackward,
  cases.map((c) => ({ label: label(c), inputs: { dy: randomArray('dy', ...c.voxels, c.channelsA + c.channelsB) }, attributes: { channelsA: c.channelsA } })),
  1e-12,
);
