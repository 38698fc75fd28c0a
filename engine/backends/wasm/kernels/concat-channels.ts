/** @file Concatenation of channels and its gradient: both move a block of channels between rows of different length. */
import { loadF32, loadV128 } from '../assembler';
import type { HeapTensor } from '../backend';
import { elementsPerItem, itemsFor, type KernelFactory } from './kernel';

const channelsOf = (tensor: HeapTensor): number => tensor.shape.at(-1)!;

export const concatChannels: KernelFactory<'ConcatChannels' | 'ConcatChannelsBackward'> = (backend) => {
  const { copyChannels } = backend.machine.load((m) => ({
    copyChannels: m.kernel('copyChannels', { from: 'i32', fromStride: 'i32', to: 'i32', toStride: 'i32', channels: 'i32', voxels: 'i32', voxelsPerItem: 'i32' }, (f, p, item) => {
      const first = f.i32(item.mul(p.voxelsPerItem));
      const from = f.i32(p.from.add(first.mul(p.fromStride)));
      const to = f.i32(p.to.add(first.mul(p.toStride)));
      const source = f.i32();
      const target = f.i32();
      f.times(p.voxels.sub(first).min(p.voxelsPerItem), () => {
        f.set(source, from);
        f.set(target, to);
        f.times(p.channels.shr(2), () => {
          f.store(target, loadV128(source));
          f.advance(source, 16);
          f.advance(target, 16);
        });
        f.times(p.channels.and(3), () => {
          f.store(target, loadF32(source));
          f.advance(source, 4);
          f.advance(target, 4);
        });
        f.advance(from, p.fromStride);
        f.advance(to, p.toStride);
      });
    }),
  }));
  /** Copies the narrower tensor's channels into, or out of, the wider one's from `channel` on. */
  const copy = (from: HeapTensor, fromChannel: number, to: HeapTensor, toChannel: number): void => {
    const channels = Math.min(channelsOf(from), channelsOf(to));
    const voxels = from.size / channelsOf(from);
    const voxelsPerItem = Math.ceil(elementsPerItem / channels);
    copyChannels(
      { from: from.pointer + fromChannel * 4, fromStride: channelsOf(from) * 4, to: to.pointer + toChannel * 4, toStride: channelsOf(to) * 4, channels, voxels, voxelsPerItem },
      itemsFor(voxels, voxelsPerItem),
    );
  };
  return {
    ConcatChannels: ({ a, b }) => {
      const y = backend.output([...a.shape.slice(0, -1), channelsOf(a) + channelsOf(b)]);
      copy(a, 0, y, 0);
      copy(b, 0, y, channelsOf(a));
      return [y.info];
    },
    ConcatChannelsBackward: ({ dy }, { channelsA }) => {
      const da = backend.output([...dy.shape.slice(0, -1), channelsA]);
      const db = backend.output([...dy.shape.slice(0, -1), channelsOf(dy) - channelsA]);
      copy(dy, 0, da, 0);
      copy(dy, channelsA, db, 0);
      return [da.info, db.info];
    },
  };
};
