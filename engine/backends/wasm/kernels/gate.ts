/** @file Gate and its gradient: a voxel's row at a time, all its gates in one go. */
import { gateScale } from '../../../math/so3/gate-irreps';
import { copiesOf, dimension, scalarCopies, type Irreps } from '../../../math/so3/irreps';
import { F32, loadF32, loadI32, loadSplat, loadV128, V128, type FunctionBuilder, type I32 } from '../assembler';
import type { HeapTensor } from '../backend';
import { exponential } from '../exponential';
import { itemsOfVoxels, voxelsPerItem, writeRows } from '../voxel-rows';
import type { KernelFactory } from './kernel';

/** x and y or dx are rows of scalars, gates, gated copies; dy and y of scalars and gated copies. `sizes` holds each gated copy's number of components. */
const layout = { voxels: 'i32', scalars: 'i32', gates: 'i32', channels: 'i32', sizes: 'i32' } as const;

export const gate: KernelFactory<'Gate' | 'GateBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({
    forward: m.kernel('forward', { x: 'i32', y: 'i32', ...layout }, (f, p, item, scratch) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const [rowBytes, rowBytesX] = [f.i32(p.channels.shl(2)), f.i32(p.channels.add(p.gates).shl(2))];
      const x = f.i32(p.x.add(first.mul(rowBytesX)));
      const [open, from, to, size, sizeAt] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
      const opened = f.i32(scratch.add(rowBytes).add(16));
      const factor = f.v128();
      writeRows(f, { target: f.i32(p.y.add(first.mul(rowBytes))), count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes, scratch }, (row) => {
        f.set(from, x);
        f.set(to, row);
        f.times(p.scalars.add(3).shr(2), () => {
          f.store(to, loadV128(from).max(0).mul(gateScale.relu));
          f.advance(from, 16);
          f.advance(to, 16);
        });
        f.set(from, x.add(p.scalars.shl(2)));
        f.set(to, row.add(p.scalars.shl(2)));
        sigmoids(f, from, opened, p.gates);
        f.advance(from, p.gates.shl(2));
        f.set(open, opened);
        f.set(sizeAt, p.sizes);
        f.times(p.gates, () => {
          f.set(size, loadI32(sizeAt));
          f.advance(sizeAt, 4);
          f.set(factor, loadSplat(open).mul(gateScale.sigmoid));
          f.for(0, size, 4, (component) => f.store(to.add(component.shl(2)), loadV128(from.add(component.shl(2))).mul(factor)));
          f.advance(from, size.shl(2));
          f.advance(to, size.shl(2));
          f.advance(open, 4);
        });
        f.advance(x, rowBytesX);
      });
    }),
    backward: m.kernel('backward', { dy: 'i32', x: 'i32', dx: 'i32', ...layout }, (f, p, item, scratch) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const [rowBytes, rowBytesX] = [f.i32(p.channels.shl(2)), f.i32(p.channels.add(p.gates).shl(2))];
      const x = f.i32(p.x.add(first.mul(rowBytesX)));
      const dy = f.i32(p.dy.add(first.mul(rowBytes)));
      const [open, size, sizeAt, gateAt] = [f.i32(), f.i32(), f.i32(), f.i32()];
      // x, dy and dx at the present channels
      const [atX, atDy, atDx] = [f.i32(), f.i32(), f.i32()];
      const opened = f.i32(scratch.add(rowBytesX).add(16));
      const factor = f.v128();
      const product = f.f32();
      writeRows(f, { target: f.i32(p.dx.add(first.mul(rowBytesX))), count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes: rowBytesX, scratch }, (row) => {
        f.set(atX, x);
        f.set(atDy, dy);
        f.set(atDx, row);
        f.times(p.scalars.add(3).shr(2), () => {
          f.store(atDx, loadV128(atX).gt(0).and(loadV128(atDy).mul(gateScale.relu)));
          for (const pointer of [atX, atDy, atDx]) f.advance(pointer, 16);
        });
        f.set(atX, x.add(p.scalars.shl(2)));
        f.set(atDy, dy.add(p.scalars.shl(2)));
        f.set(gateAt, row.add(p.scalars.shl(2)));
        sigmoids(f, atX, opened, p.gates);
        f.advance(atX, p.gates.shl(2));
        f.set(atDx, gateAt.add(p.gates.shl(2)));
        f.set(open, opened);
        f.set(sizeAt, p.sizes);
        f.times(p.gates, () => {
          f.set(size, loadI32(sizeAt));
          f.advance(sizeAt, 4);
          f.set(factor, loadSplat(open).mul(gateScale.sigmoid));
          f.set(product, F32.of(0));
          f.times(size, () => {
            f.set(product, product.add(loadF32(atX).mul(loadF32(atDy))));
            f.store(atDx, loadF32(atDy).mul(factor.lane(0)));
            for (const pointer of [atX, atDy, atDx]) f.advance(pointer, 4);
          });
          f.store(gateAt, product.mul(factor.lane(0)).mul(F32.of(1).sub(loadF32(open))));
          f.advance(gateAt, 4);
          f.advance(open, 4);
        });
        f.advance(x, rowBytesX);
        f.advance(dy, rowBytes);
      });
    }),
  }));
  /** Runs with the layout of the irreps; scratch holds a row, the opened gates and a vector past each. */
  const withLayout = (irreps: Irreps, x: HeapTensor, run: (fields: Record<keyof typeof layout, number>, items: number, scratchBytes: number) => void): void => {
    const gated = copiesOf(irreps).filter(({ degree }) => degree > 0);
    const [scalars, gates, channels] = [scalarCopies(irreps), gated.length, dimension(irreps)];
    const voxels = x.size / (channels + gates);
    backend.machine.heap.borrow(gates * 4, (sizes) => {
      backend.machine.heap.integers(sizes, gates).set(gated.map(({ degree }) => 2 * degree + 1));
      run({ voxels, scalars, gates, channels, sizes }, itemsOfVoxels(voxels), (channels + 2 * gates) * 4 + 64);
    });
  };
  return {
    Gate: ({ x }, { irreps }) => {
      const y = backend.output([...x.shape.slice(0, -1), dimension(irreps)]);
      withLayout(irreps, x, (fields, items, scratchBytes) => kernels.forward({ x: x.pointer, y: y.pointer, ...fields }, items, scratchBytes));
      return [y.info];
    },
    GateBackward: ({ dy, x }, { irreps }) => {
      const dx = backend.output(x.shape);
      withLayout(irreps, x, (fields, items, scratchBytes) => kernels.backward({ dy: dy.pointer, x: x.pointer, dx: dx.pointer, ...fields }, items, scratchBytes));
      return [dx.info];
    },
  };
};

/** Sigmoids of `count` values, in whole vectors. */
function sigmoids(f: FunctionBuilder, from: I32, to: I32, count: I32): void {
  const [source, target] = [f.i32(from), f.i32(to)];
  f.times(count.add(3).shr(2), () => {
    f.store(target, V128.of(1).div(exponential(f, loadV128(source).neg()).add(1)));
    f.advance(source, 16);
    f.advance(target, 16);
  });
}
