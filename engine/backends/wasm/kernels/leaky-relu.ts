/** @file Leaky ReLU and its gradient, elementwise. */
import { loadV128, V128 } from '../assembler';
import { elementsPerItem, itemsFor, type KernelFactory } from './kernel';

export const leakyRelu: KernelFactory<'LeakyRelu' | 'LeakyReluBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({
    forward: m.kernel('forward', { x: 'i32', y: 'i32', size: 'i32', slope: 'f32' }, (f, p, item) => {
      const first = f.i32(item.mul(elementsPerItem));
      const count = f.i32(p.size.sub(first).min(elementsPerItem));
      const x = f.i32(p.x.add(first.shl(2)));
      const y = f.i32(p.y.add(first.shl(2)));
      const slope = f.v128(p.slope.splat());
      const v = f.v128();
      // the last vector may reach past the end into the slack of the block
      f.times(count.add(3).shr(2), () => {
        f.set(v, loadV128(x));
        f.store(y, v.gt(0).choose(v, v.mul(slope)));
        f.advance(x, 16);
        f.advance(y, 16);
      });
    }),
    backward: m.kernel('backward', { dy: 'i32', x: 'i32', dx: 'i32', size: 'i32', slope: 'f32' }, (f, p, item) => {
      const first = f.i32(item.mul(elementsPerItem));
      const count = f.i32(p.size.sub(first).min(elementsPerItem));
      const [dy, x, dx] = [p.dy, p.x, p.dx].map((pointer) => f.i32(pointer.add(first.shl(2)))) as [typeof first, typeof first, typeof first];
      const slope = f.v128(p.slope.splat());
      const g = f.v128();
      f.times(count.add(3).shr(2), () => {
        f.set(g, loadV128(dy));
        f.store(dx, loadV128(x).gt(V128.of(0)).choose(g, g.mul(slope)));
        for (const pointer of [dy, x, dx]) f.advance(pointer, 16);
      });
    }),
  }));
  return {
    LeakyRelu: ({ x }, { slope }) => {
      const y = backend.output(x.shape);
      kernels.forward({ x: x.pointer, y: y.pointer, size: x.size, slope }, itemsFor(x.size));
      return [y.info];
    },
    LeakyReluBackward: ({ dy, x }, { slope }) => {
      const dx = backend.output(x.shape);
      kernels.backward({ dy: dy.pointer, x: x.pointer, dx: dx.pointer, size: x.size, slope }, itemsFor(x.size));
      return [dx.info];
    },
  };
};
