/** @file The label of each voxel: index of its largest logit. */
import { I32, loadF32 } from '../assembler';
import { elementsPerItem, itemsFor, type KernelFactory } from './kernel';

export const argMaxChannels: KernelFactory<'ArgMaxChannels'> = (backend) => {
  const { argMax } = backend.machine.load((m) => ({
    argMax: m.kernel('argMax', { x: 'i32', labels: 'i32', channels: 'i32', voxels: 'i32', voxelsPerItem: 'i32' }, (f, p, item) => {
      const first = f.i32(item.mul(p.voxelsPerItem));
      const x = f.i32(p.x.add(first.mul(p.channels).shl(2)));
      const labels = f.i32(p.labels.add(first.shl(2)));
      const [largest, value, label] = [f.f32(), f.f32(), f.i32()];
      f.times(p.voxels.sub(first).min(p.voxelsPerItem), () => {
        f.set(largest, loadF32(x));
        f.set(label, I32.of(0));
        f.for(0, p.channels, 1, (channel) => {
          f.set(value, loadF32(x));
          f.set(label, value.gt(largest).choose(channel, label));
          f.set(largest, value.choose(value.gt(largest), largest));
          f.advance(x, 4);
        });
        f.store(labels, label);
        f.advance(labels, 4);
      });
    }),
  }));
  return {
    ArgMaxChannels: ({ x }) => {
      const channels = x.shape.at(-1)!;
      const labels = backend.output(x.shape.slice(0, -1), 'int32');
      const voxelsPerItem = Math.ceil(elementsPerItem / channels);
      argMax({ x: x.pointer, labels: labels.pointer, channels, voxels: labels.size, voxelsPerItem }, itemsFor(labels.size, voxelsPerItem));
      return [labels.info];
    },
  };
};
