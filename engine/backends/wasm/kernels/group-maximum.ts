/** @file The largest value over the elements of a group, and its gradient: a voxel at a time. */
import { F32, loadF32, type I32, type ModuleBuilder } from '../assembler';
import { itemsOfVoxels, voxelsPerItem } from '../voxel-rows';
import type { KernelFactory } from './kernel';

export const groupMaximum: KernelFactory<'GroupMaximum' | 'GroupMaximumBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({ forward: maximumKernel(m, false), backward: maximumKernel(m, true) }));
  return {
    GroupMaximum: ({ x }, { order }) => {
      const channels = x.shape[4] / order;
      const y = backend.output([...x.shape.slice(0, 4), channels]);
      const voxels = y.size / channels;
      kernels.forward({ x: x.pointer, y: y.pointer, dx: 0, channels, order, voxels }, itemsOfVoxels(voxels));
      return [y.info];
    },
    GroupMaximumBackward: ({ dy, x }, { order }) => {
      const channels = x.shape[4] / order;
      const dx = backend.output(x.shape);
      const voxels = dy.size / channels;
      kernels.backward({ x: x.pointer, y: dy.pointer, dx: dx.pointer, channels, order, voxels }, itemsOfVoxels(voxels));
      return [dx.info];
    },
  };
};

/** Forward writes y; backward reads y as its gradient and writes dx. */
function maximumKernel(m: ModuleBuilder, backward: boolean) {
  return m.kernel(backward ? 'backward' : 'forward', { x: 'i32', y: 'i32', dx: 'i32', channels: 'i32', order: 'i32', voxels: 'i32' }, (f, p, item) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const elementBytes = f.i32(p.channels.shl(2));
    const rest = f.i32(elementBytes.mul(p.order.sub(1)));
    const [x, y, dx] = [f.i32(p.x.add(first.mul(elementBytes).mul(p.order))), f.i32(p.y.add(first.mul(elementBytes))), f.i32(p.dx.add(first.mul(elementBytes).mul(p.order)))];
    const [at, winner] = [f.i32(), f.i32()];
    const most = f.f32();
    const find = (): void => {
      f.set(most, loadF32(x));
      f.set(winner, x);
      f.set(at, x);
      f.times(p.order.sub(1), () => {
        f.advance(at, elementBytes);
        f.set(winner, loadF32(at).gt(most).choose(at, winner));
        f.set(most, most.max(loadF32(at)));
      });
    };
    const clear = (from: I32): void => {
      f.set(at, from);
      f.times(p.order, () => {
        f.store(at, F32.of(0));
        f.advance(at, elementBytes);
      });
    };
    f.times(p.voxels.sub(first).min(voxelsPerItem), () => {
      f.times(p.channels, () => {
        find();
        if (backward) {
          clear(dx);
          f.store(winner.sub(x).add(dx), loadF32(y));
        } else f.store(y, most);
        for (const pointer of backward ? [x, y, dx] : [x, y]) f.advance(pointer, 4);
      });
      for (const pointer of backward ? [x, dx] : [x]) f.advance(pointer, rest);
    });
  });
}
