/** @file Max-pooling by norm and its gradient, window and stride 2: scalars in vectors of four, other copies one at a time, the mean of those of equal norm. The gradient looks for the winners again. */
import { copiesOf, type Irreps } from '../../../math/so3/irreps';
import { poolingTie } from '../../../ops/operators';
import { F32, loadF32, loadI32, loadV128, V128, type FunctionBuilder, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor } from '../backend';
import type { KernelFactory } from './kernel';

/** A work item is one row of windows along x. `sizes` holds the number of components of each copy behind the vectors of scalars. */
const fields = { x: 'i32', y: 'i32', dx: 'i32', height: 'i32', width: 'i32', channels: 'i32', vectors: 'i32', copies: 'i32', sizes: 'i32' } as const;

export const maxPool: KernelFactory<'MaxPool' | 'MaxPoolBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({ forward: poolKernel(m, false), backward: poolKernel(m, true) }));
  const run = (kernel: typeof kernels.forward, irreps: Irreps, x: HeapTensor, y: HeapTensor, dx: HeapTensor): void => {
    const [batch, depth, height, width, channels] = x.shape;
    const all = copiesOf(irreps);
    const leading = all.findIndex(({ degree }) => degree > 0);
    const vectors = (leading < 0 ? all.length : leading) >> 2;
    const rest = all.slice(4 * vectors);
    backend.machine.heap.borrow(rest.length * 4, (sizes) => {
      backend.machine.heap.integers(sizes, rest.length).set(rest.map(({ degree }) => 2 * degree + 1));
      kernel({ x: x.pointer, y: y.pointer, dx: dx.pointer, height, width, channels, vectors, copies: rest.length, sizes }, (batch * depth * height) / 4);
    });
  };
  return {
    MaxPool: ({ x }, { irreps }) => {
      const [batch, depth, height, width, channels] = x.shape;
      const y = backend.output([batch, depth / 2, height / 2, width / 2, channels]);
      run(kernels.forward, irreps, x, y, x);
      return [y.info];
    },
    MaxPoolBackward: ({ dy, x }, { irreps }) => {
      const dx = backend.output(x.shape);
      run(kernels.backward, irreps, x, dy, dx);
      return [dx.info];
    },
  };
};

/** Forward writes y; backward reads y as its gradient and writes dx. */
function poolKernel(m: ModuleBuilder, backward: boolean) {
  return m.kernel(backward ? 'backward' : 'forward', fields, (f, p, item) => {
    const rowBytes = f.i32(p.channels.shl(2));
    const lineBytes = f.i32(rowBytes.mul(p.width));
    const halfHeight = f.i32(p.height.shr(1));
    // items run over batch and z together: a depth is even, so two planes of one batch item always belong together
    const plane = f.i32(item.div(halfHeight));
    const first = f.i32(plane.mul(p.height).add(item.rem(halfHeight)).shl(1).mul(lineBytes));
    const window = windowOffsets(f, rowBytes, lineBytes, f.i32(lineBytes.mul(p.height)));
    const [x, dx, y] = [f.i32(p.x.add(first)), f.i32(p.dx.add(first)), f.i32(p.y.add(item.mul(lineBytes.shr(1))))];
    const [sizeAt, size, best, winners] = [f.i32(), f.i32(), f.f32(), f.f32()];
    const magnitudes = window.map(() => f.f32());
    f.times(p.width.shr(1), () => {
      f.times(p.vectors, () => {
        if (backward) passToWinners(f, x, y, dx, window);
        else f.store(y, largest(x, window));
        for (const pointer of [x, y, dx]) f.advance(pointer, 16);
      });
      f.set(sizeAt, p.sizes);
      f.times(p.copies, () => {
        f.set(size, loadI32(sizeAt));
        f.advance(sizeAt, 4);
        sizesOfCopies(f, x, size, window, magnitudes);
        f.set(best, magnitudes.reduce((most, magnitude) => most.max(magnitude)));
        // from here on each magnitude is the voxel's share of the output
        f.if(
          size.eq(1),
          () => {
            f.set(winners, F32.of(0));
            for (const magnitude of magnitudes) {
              f.set(magnitude, F32.of(1).choose(magnitude.ge(best), F32.of(0)).mul(F32.of(1).sub(winners)));
              f.set(winners, winners.max(magnitude));
            }
          },
          () => {
            f.set(best, best.mul(1 - poolingTie));
            f.set(winners, F32.of(0));
            for (const magnitude of magnitudes) {
              f.set(magnitude, F32.of(1).choose(magnitude.ge(best), F32.of(0)));
              f.set(winners, winners.add(magnitude));
            }
            for (const magnitude of magnitudes) f.set(magnitude, magnitude.div(winners));
          },
        );
        f.times(size, () => {
          if (backward) window.forEach((offset, n) => f.store(dx.add(offset), magnitudes[n].mul(loadF32(y))));
          else f.store(y, window.slice(1).reduce((sum, offset, n) => sum.add(magnitudes[n + 1].mul(loadF32(x.add(offset)))), magnitudes[0].mul(loadF32(x.add(window[0])))));
          for (const pointer of [x, y, dx]) f.advance(pointer, 4);
        });
      });
      // the window's second column of voxels
      for (const pointer of [x, dx]) f.advance(pointer, rowBytes);
    });
  });
}

/** The eight voxels of a window in bytes from the first, in x, y, z order with z fastest: of equal scalars the first wins. */
function windowOffsets(f: FunctionBuilder, voxel: I32, line: I32, plane: I32): I32[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((n) => f.i32(voxel.mul(n >> 2).add(line.mul((n >> 1) & 1)).add(plane.mul(n & 1))));
}

const largest = (x: I32, window: readonly I32[]): V128 => window.slice(1).reduce((most, offset) => most.max(loadV128(x.add(offset))), loadV128(x));

/** The gradient at y goes to the first of the largest, the other seven get 0. */
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

/** Squared norm of the copy at x in each voxel of the window; the value itself for a scalar. */
function sizesOfCopies(f: FunctionBuilder, x: I32, size: I32, window: readonly I32[], magnitudes: ReturnType<FunctionBuilder['f32']>[]): void {
  const at = f.i32(x);
  window.forEach((offset, n) => f.set(magnitudes[n], loadF32(at.add(offset))));
  f.if(size.gt(1), () => {
    for (const magnitude of magnitudes) f.set(magnitude, magnitude.mul(magnitude));
    f.times(size.sub(1), () => {
      f.advance(at, 4);
      window.forEach((offset, n) => f.set(magnitudes[n], magnitudes[n].add(loadF32(at.add(offset)).mul(loadF32(at.add(offset))))));
    });
  });
}
