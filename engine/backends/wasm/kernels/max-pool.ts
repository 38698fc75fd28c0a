/** @file Max-pooling by norm and its gradient: even scalars in vectors of four, other copies one at a time, the mean of those of equal norm. The gradient looks for the winners again. */
import { copiesOf } from '../../../math/so3/irreps';
import { poolingTie, type PoolAttributes } from '../../../ops/operators';
import { F32, loadF32, loadI32, loadV128, V128, type FunctionBuilder, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor } from '../backend';
import type { KernelFactory } from './kernel';

/** A work item is one row of windows along x; height and width are those of y. `sizes` holds the number of components of each copy behind the vectors of even scalars; 0 stands for one that goes by its value. */
const fields = { x: 'i32', y: 'i32', dx: 'i32', height: 'i32', width: 'i32', channels: 'i32', vectors: 'i32', copies: 'i32', sizes: 'i32' } as const;
type Extent = PoolAttributes['extent'];

export const maxPool: KernelFactory<'MaxPool' | 'MaxPoolBackward'> = (backend) => {
  const { machine } = backend;
  const compile = (extent: Extent, tie: number) => machine.load((m) => ({ forward: poolKernel(m, extent, tie, false), backward: poolKernel(m, extent, tie, true) }));
  /** By the size of the window, and what is a tie. */
  const compiled = new Map<string, ReturnType<typeof compile>>();
  const run = (which: 'forward' | 'backward', { irreps, extent, tie = poolingTie }: PoolAttributes, x: HeapTensor, y: HeapTensor, dx: HeapTensor): void => {
    const key = [...extent, tie].join();
    const kernels = compiled.get(key) ?? compile(extent, tie);
    compiled.set(key, kernels);
    const [batch, depth, height, width, channels] = y.shape;
    const all = copiesOf(irreps);
    const leading = all.findIndex(({ degree, parity }) => degree > 0 || parity === -1);
    const vectors = (leading < 0 ? all.length : leading) >> 2;
    const rest = all.slice(4 * vectors);
    machine.heap.borrow(rest.length * 4, (sizes) => {
      machine.heap.integers(sizes, rest.length).set(rest.map(({ degree, parity }) => (degree === 0 && parity === 1 ? 0 : 2 * degree + 1)));
      kernels[which]({ x: x.pointer, y: y.pointer, dx: dx.pointer, height, width, channels, vectors, copies: rest.length, sizes }, batch * depth * height);
    });
  };
  return {
    MaxPool: ({ x }, attributes) => {
      const [batch, depth, height, width, channels] = x.shape;
      const [extentX, extentY, extentZ] = attributes.extent;
      const y = backend.output([batch, depth / extentZ, height / extentY, width / extentX, channels]);
      run('forward', attributes, x, y, x);
      return [y.info];
    },
    MaxPoolBackward: ({ dy, x }, attributes) => {
      const dx = backend.output(x.shape);
      run('backward', attributes, x, dy, dx);
      return [dx.info];
    },
  };
};

/** Forward writes y; backward reads y as its gradient and writes dx. */
function poolKernel(m: ModuleBuilder, [extentX, extentY, extentZ]: Extent, tie: number, backward: boolean) {
  return m.kernel(backward ? 'backward' : 'forward', fields, (f, p, item) => {
    const rowBytes = f.i32(p.channels.shl(2));
    const lineBytes = f.i32(rowBytes.mul(p.width).mul(extentX));
    const planeBytes = f.i32(lineBytes.mul(p.height).mul(extentY));
    // items run over batch and z together: a depth is a multiple of the window's, so its planes always belong to one batch item
    const first = f.i32(item.div(p.height).mul(planeBytes).mul(extentZ).add(item.rem(p.height).mul(lineBytes).mul(extentY)));
    // the voxels of a window in bytes from the first, in x, y, z order with z fastest: of equal scalars the first wins
    const window = Array.from({ length: extentX * extentY * extentZ }, (_, n) => f.i32(rowBytes.mul(Math.floor(n / extentZ / extentY)).add(lineBytes.mul(Math.floor(n / extentZ) % extentY)).add(planeBytes.mul(n % extentZ))));
    const [x, dx, y] = [f.i32(p.x.add(first)), f.i32(p.dx.add(first)), f.i32(p.y.add(item.mul(p.width).mul(rowBytes)))];
    const [sizeAt, size, components, best, winners] = [f.i32(), f.i32(), f.i32(), f.f32(), f.f32()];
    const magnitudes = window.map(() => f.f32());
    f.times(p.width, () => {
      f.times(p.vectors, () => {
        if (backward) passToWinners(f, x, y, dx, window);
        else f.store(y, largest(x, window));
        for (const pointer of [x, y, dx]) f.advance(pointer, 16);
      });
      f.set(sizeAt, p.sizes);
      f.times(p.copies, () => {
        f.set(size, loadI32(sizeAt));
        f.set(components, size.max(1));
        f.advance(sizeAt, 4);
        sizesOfCopies(f, x, size, window, magnitudes);
        f.set(best, magnitudes.reduce((most, magnitude) => most.max(magnitude)));
        // from here on each magnitude is the voxel's share of the output
        f.if(
          size.eq(0),
          () => {
            f.set(winners, F32.of(0));
            for (const magnitude of magnitudes) {
              f.set(magnitude, F32.of(1).choose(magnitude.ge(best), F32.of(0)).mul(F32.of(1).sub(winners)));
              f.set(winners, winners.max(magnitude));
            }
          },
          () => {
            f.set(best, best.mul(1 - tie));
            f.set(winners, F32.of(0));
            for (const magnitude of magnitudes) {
              f.set(magnitude, F32.of(1).choose(magnitude.ge(best), F32.of(0)));
              f.set(winners, winners.add(magnitude));
            }
            for (const magnitude of magnitudes) f.set(magnitude, magnitude.div(winners));
          },
        );
        f.times(components, () => {
          if (backward) window.forEach((offset, n) => f.store(dx.add(offset), magnitudes[n].mul(loadF32(y))));
          else f.store(y, window.slice(1).reduce((sum, offset, n) => sum.add(magnitudes[n + 1].mul(loadF32(x.add(offset)))), magnitudes[0].mul(loadF32(x.add(window[0])))));
          for (const pointer of [x, y, dx]) f.advance(pointer, 4);
        });
      });
      // the window's other columns of voxels
      for (const pointer of [x, dx]) f.advance(pointer, rowBytes.mul(extentX - 1));
    });
  });
}

const largest = (x: I32, window: readonly I32[]): V128 => window.slice(1).reduce((most, offset) => most.max(loadV128(x.add(offset))), loadV128(x));

/** The gradient at y goes to the first of the largest, all others get 0. */
function passToWinners(f: FunctionBuilder, x: I32, y: I32, dx: I32, window: readonly I32[]): void {
  const most = f.v128(largest(x, window));
  const free = f.v128(V128.integers(-1));
  const won = f.v128();
  for (const offset of window) {
    f.set(won, loadV128(x.add(offset)).eq(most).and(free));
    f.store(dx.add(offset), loadV128(y).and(won));
    f.set(free, free.andNot(won));
  }
}

/** Squared norm of the copy at x in each voxel of the window; the value itself for an even scalar. */
function sizesOfCopies(f: FunctionBuilder, x: I32, size: I32, window: readonly I32[], magnitudes: ReturnType<FunctionBuilder['f32']>[]): void {
  const at = f.i32(x);
  window.forEach((offset, n) => f.set(magnitudes[n], loadF32(at.add(offset))));
  f.if(size.gt(0), () => {
    for (const magnitude of magnitudes) f.set(magnitude, magnitude.mul(magnitude));
    f.times(size.sub(1), () => {
      f.advance(at, 4);
      window.forEach((offset, n) => f.set(magnitudes[n], magnitudes[n].add(loadF32(at.add(offset)).mul(loadF32(at.add(offset))))));
    });
  });
}
