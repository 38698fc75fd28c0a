/** @file Max-pooling by norm and its gradient: scalars four at a time, other copies one at a time, with four voxels of the window in the lanes of a vector; the mean of those of equal norm. The gradient looks for the winners again. */
import type { Irreps } from '../../../math/so3/irreps';
import { poolingTie, type PoolAttributes } from '../../../ops/operators';
import { loadI32, loadV128, V128, type FunctionBuilder, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor } from '../backend';
import type { KernelFactory } from './kernel';
import { transpose } from './transpose';

/** A work item is one row of windows along x; height and width are those of y. `entries`: of each entry of the irreps its kind and multiplicity. */
const fields = { x: 'i32', y: 'i32', dx: 'i32', height: 'i32', width: 'i32', channels: 'i32', entries: 'i32', count: 'i32' } as const;
type Extent = PoolAttributes['extent'];
/** The number of components of a copy; 0 of even scalars, which go by their value. */
const kindsOf = (irreps: Irreps): number[] => irreps.map(({ degree, parity }) => (degree === 0 && parity === 1 ? 0 : 2 * degree + 1));

export const maxPool: KernelFactory<'MaxPool' | 'MaxPoolBackward'> = (backend) => {
  const { machine } = backend;
  const compile = (...window: [Extent, number, number[]]) => machine.load((m) => ({ forward: poolKernel(m, false, ...window), backward: poolKernel(m, true, ...window) }));
  /** By the size of the window, what is a tie, and the kinds of copies. */
  const compiled = new Map<string, ReturnType<typeof compile>>();
  const run = (which: 'forward' | 'backward', { irreps, extent, tie = poolingTie }: PoolAttributes, x: HeapTensor, y: HeapTensor, dx: HeapTensor): void => {
    const kinds = kindsOf(irreps);
    const different = [...new Set(kinds)].sort((a, b) => a - b);
    const key = [...extent, tie, ...different].join();
    const kernels = compiled.get(key) ?? compile(extent, tie, different);
    compiled.set(key, kernels);
    const [batch, depth, height, width, channels] = y.shape;
    machine.heap.borrow(irreps.length * 8, (entries) => {
      machine.heap.integers(entries, irreps.length * 2).set(irreps.flatMap(({ multiplicity }, n) => [kinds[n], multiplicity]));
      kernels[which]({ x: x.pointer, y: y.pointer, dx: dx.pointer, height, width, channels, entries, count: irreps.length }, batch * depth * height);
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
function poolKernel(m: ModuleBuilder, backward: boolean, [extentX, extentY, extentZ]: Extent, tie: number, kinds: readonly number[]) {
  return m.kernel(backward ? 'backward' : 'forward', fields, (f, p, item) => {
    const rowBytes = f.i32(p.channels.shl(2));
    const lineBytes = f.i32(rowBytes.mul(p.width).mul(extentX));
    const planeBytes = f.i32(lineBytes.mul(p.height).mul(extentY));
    // items run over batch and z together: a depth is a multiple of the window's, so its planes always belong to one batch item
    const first = f.i32(item.div(p.height).mul(planeBytes).mul(extentZ).add(item.rem(p.height).mul(lineBytes).mul(extentY)));
    // the voxels of a window in bytes from the first, in x, y, z order with z fastest: of equal scalars the first wins
    const window = Array.from({ length: extentX * extentY * extentZ }, (_, n) => f.i32(rowBytes.mul(Math.floor(n / extentZ / extentY)).add(lineBytes.mul(Math.floor(n / extentZ) % extentY)).add(planeBytes.mul(n % extentZ))));
    const [x, dx, y] = [f.i32(p.x.add(first)), f.i32(p.dx.add(first)), f.i32(p.y.add(item.mul(p.width).mul(rowBytes)))];
    const [entry, kind, copies, rest] = [f.i32(), f.i32(), f.i32(), f.i32()];
    /** Shares of the voxels of the window in the output at some channels: writes these channels of y, or of dx. */
    const writeShares = (shares: readonly V128[], at: number, store: Store): void => {
      if (backward) window.forEach((offset, n) => store(dx.add(offset), shares[n].mul(loadV128(y, at)), at));
      else store(y, window.slice(1).reduce((sum, offset, n) => sum.add(shares[n + 1].mul(loadV128(x.add(offset), at))), shares[0].mul(loadV128(x.add(window[0]), at))), at);
    };
    const next = (bytes: number | I32): void => [x, y, dx].forEach((pointer) => f.advance(pointer, bytes));
    const fourScalars = (isEven: boolean, store: Store): void => {
      if (!isEven) writeShares(oddShares(f, x, window, tie), 0, store);
      else if (backward) passToWinners(f, x, y, dx, window, store);
      else store(y, largest(x, window), 0);
    };
    f.times(p.width, () => {
      f.set(entry, p.entries);
      f.times(p.count, () => {
        f.set(kind, loadI32(entry));
        f.set(copies, loadI32(entry, 4));
        for (const one of kinds)
          f.if(kind.eq(one), () => {
            if (one > 1)
              f.times(copies, () => {
                const shares = copyShares(f, x, one, window, tie);
                for (let at = 0; at < one; at += 4) writeShares(shares, 4 * at, storeLanes(f, Math.min(4, one - at)));
                next(4 * one);
              });
            else {
              f.times(copies.shr(2), () => {
                fourScalars(one === 0, storeLanes(f, 4));
                next(16);
              });
              f.set(rest, copies.and(3));
              f.if(rest, () => {
                fourScalars(one === 0, (to, value, at) => [0, 1, 2].forEach((n) => f.if(rest.gt(n), () => f.store(to, value.lane(n), at + 4 * n))));
                next(rest.shl(2));
              });
            }
          });
        f.advance(entry, 8);
      });
      // the window's other columns of voxels
      for (const pointer of [x, dx]) f.advance(pointer, rowBytes.mul(extentX - 1));
    });
  });
}

/** Writes those lanes of a value that are channels, so many bytes further. */
type Store = (to: I32, value: V128, at: number) => void;
const storeLanes = (f: FunctionBuilder, lanes: number): Store => (to, value, at) => {
  if (lanes === 4) return f.store(to, value, at);
  const stored = f.v128(value);
  for (let n = 0; n < lanes; n++) f.store(to, stored.lane(n), at + 4 * n);
};

const largest = (x: I32, window: readonly I32[]): V128 => window.slice(1).reduce((most, offset) => most.max(loadV128(x.add(offset))), loadV128(x));

/** The gradient at y goes to the first of the largest, all others get 0. */
function passToWinners(f: FunctionBuilder, x: I32, y: I32, dx: I32, window: readonly I32[], store: Store): void {
  const most = f.v128(largest(x, window));
  const free = f.v128(V128.integers(-1));
  const won = f.v128();
  for (const offset of window) {
    f.set(won, loadV128(x.add(offset)).eq(most).and(free));
    store(dx.add(offset), loadV128(y).and(won), 0);
    f.set(free, free.andNot(won));
  }
}

/** A maximum or a sum over the lanes that are compared with each other, in each of them. */
type Across = (value: V128, combine: (a: V128, b: V128) => V128) => V128;

/** What each of some squared norms has: the largest share alike. */
function sharesOf(f: FunctionBuilder, squaredNorms: readonly V128[], tie: number, across: Across): V128[] {
  const max = (a: V128, b: V128): V128 => a.max(b);
  const add = (a: V128, b: V128): V128 => a.add(b);
  const least = f.v128(across(f.v128(squaredNorms.reduce(max)), max).mul(f.constant(1 - tie)));
  const winners = f.v128(squaredNorms.map((norm) => f.constant(1).andNot(norm.lt(least))).reduce(add));
  const share = f.v128(f.constant(1).div(across(winners, add)));
  return squaredNorms.map((norm) => f.v128(share.andNot(norm.lt(least))));
}
/** Four channels of a voxel, squared. */
function squared(f: FunctionBuilder, voxel: I32, at = 0): V128 {
  const value = f.v128(loadV128(voxel, at));
  return f.v128(value.mul(value));
}

/** What each voxel has of four odd scalars, each by itself. */
const oddShares = (f: FunctionBuilder, x: I32, window: readonly I32[], tie: number): V128[] => sharesOf(f, window.map((offset) => squared(f, x.add(offset))), tie, (value) => value);

/** What each voxel has of a copy of so many components, in all lanes. */
function copyShares(f: FunctionBuilder, x: I32, components: number, window: readonly I32[], tie: number): V128[] {
  const none = f.constant(-1);
  const squaredNorms: V128[] = [];
  for (let first = 0; first < window.length; first += 4) {
    const four = [0, 1, 2, 3].map((n) => window[Math.min(first + n, window.length - 1)]);
    const sum = f.v128();
    for (let at = 0; at < components; at += 4) transpose(f, four.map((offset) => squared(f, x.add(offset), 4 * at))).slice(0, components - at).forEach((square, n) => f.set(sum, at + n === 0 ? square : sum.add(square)));
    // lanes beyond the window win nothing
    squaredNorms.push(first + 4 <= window.length ? sum : f.v128(sum.shuffle(none, [0, 1, 2, 3].map((n) => (first + n < window.length ? n : 4)) as [number, number, number, number])));
  }
  const shares = sharesOf(f, squaredNorms, tie, (value, combine) => {
    const pairs = f.v128(combine(value, value.shuffle(value, [2, 3, 0, 1])));
    return combine(pairs, pairs.shuffle(pairs, [1, 0, 3, 2]));
  });
  return window.map((_, n) => {
    const of = shares[n >> 2];
    return f.v128(of.shuffle(of, [n & 3, n & 3, n & 3, n & 3]));
  });
}
