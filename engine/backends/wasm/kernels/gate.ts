/** @file Gate and its gradient: a voxel's row at a time, all its gates in one go. */
import { gateLayout, gateScale } from '../../../math/so3/gate-irreps';
import { dimension, type Irreps } from '../../../math/so3/irreps';
import { F32, loadF32, loadI32, loadSplat, loadV128, V128, type FunctionBuilder, type I32 } from '../assembler';
import type { HeapTensor } from '../backend';
import { exponential } from '../exponential';
import { itemsOfVoxels, voxelsPerItem, writeRows } from '../voxel-rows';
import type { KernelFactory } from './kernel';

/**
 * Rows of x (and dx) and of y (dy) in bytes; gates start at `firstGate`, gated copies of y at `firstGated`. `scalars` is a table of runs of scalars (from, to,
 * vectors, odd), `copies` one of gated copies (components, from); positions in bytes. A run may write up to a vector past its end: runs come in the order
 * of what they write, and all else is written after them.
 */
const layout = { voxels: 'i32', rowBytes: 'i32', rowBytesX: 'i32', runs: 'i32', scalars: 'i32', gates: 'i32', firstGate: 'i32', firstGated: 'i32', copies: 'i32' } as const;

export const gate: KernelFactory<'Gate' | 'GateBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({
    forward: m.kernel('forward', { x: 'i32', y: 'i32', ...layout }, (f, p, item, scratch) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const x = f.i32(p.x.add(first.mul(p.rowBytesX)));
      const [open, from, to, size, table] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
      const opened = f.i32(scratch.add(p.rowBytes).add(16));
      const factor = f.v128();
      writeRows(f, { target: f.i32(p.y.add(first.mul(p.rowBytes))), count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes: p.rowBytes, scratch }, (row) => {
        f.set(table, p.scalars);
        f.times(p.runs, () => {
          f.set(from, x.add(loadI32(table)));
          f.set(to, row.add(loadI32(table, 4)));
          const activate = (activation: (value: V128) => V128): void =>
            f.times(loadI32(table, 8), () => {
              f.store(to, activation(loadV128(from)));
              f.advance(from, 16);
              f.advance(to, 16);
            });
          f.if(loadI32(table, 12), () => activate((value) => tanh(f, value).mul(gateScale.tanh)), () => activate((value) => value.max(0).mul(gateScale.relu)));
          f.advance(table, 16);
        });
        sigmoids(f, f.i32(x.add(p.firstGate)), opened, p.gates);
        f.set(to, row.add(p.firstGated));
        f.set(open, opened);
        f.set(table, p.copies);
        f.times(p.gates, () => {
          f.set(size, loadI32(table));
          f.set(from, x.add(loadI32(table, 4)));
          f.advance(table, 8);
          f.set(factor, loadSplat(open).mul(gateScale.sigmoid));
          f.for(0, size, 4, (component) => f.store(to.add(component.shl(2)), loadV128(from.add(component.shl(2))).mul(factor)));
          f.advance(to, size.shl(2));
          f.advance(open, 4);
        });
        f.advance(x, p.rowBytesX);
      });
    }),
    backward: m.kernel('backward', { dy: 'i32', x: 'i32', dx: 'i32', ...layout }, (f, p, item, scratch) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const x = f.i32(p.x.add(first.mul(p.rowBytesX)));
      const dy = f.i32(p.dy.add(first.mul(p.rowBytes)));
      const [open, size, table, gateAt] = [f.i32(), f.i32(), f.i32(), f.i32()];
      // x, dy and dx at the present channels
      const [atX, atDy, atDx] = [f.i32(), f.i32(), f.i32()];
      const opened = f.i32(scratch.add(p.rowBytesX).add(16));
      const factor = f.v128();
      const product = f.f32();
      const value = f.v128();
      writeRows(f, { target: f.i32(p.dx.add(first.mul(p.rowBytesX))), count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes: p.rowBytesX, scratch }, (row) => {
        f.set(table, p.scalars);
        f.times(p.runs, () => {
          f.set(atX, x.add(loadI32(table)));
          f.set(atDx, row.add(loadI32(table)));
          f.set(atDy, dy.add(loadI32(table, 4)));
          const derive = (derivative: () => V128): void =>
            f.times(loadI32(table, 8), () => {
              f.store(atDx, derivative());
              for (const pointer of [atX, atDy, atDx]) f.advance(pointer, 16);
            });
          f.if(
            loadI32(table, 12),
            () =>
              derive(() => {
                f.set(value, tanh(f, loadV128(atX)));
                return V128.of(1).sub(value.mul(value)).mul(gateScale.tanh).mul(loadV128(atDy));
              }),
            () => derive(() => loadV128(atX).gt(0).and(loadV128(atDy).mul(gateScale.relu))),
          );
          f.advance(table, 16);
        });
        sigmoids(f, f.i32(x.add(p.firstGate)), opened, p.gates);
        f.set(gateAt, row.add(p.firstGate));
        f.set(atDy, dy.add(p.firstGated));
        f.set(open, opened);
        f.set(table, p.copies);
        f.times(p.gates, () => {
          f.set(size, loadI32(table));
          f.set(atX, x.add(loadI32(table, 4)));
          f.set(atDx, row.add(loadI32(table, 4)));
          f.advance(table, 8);
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
        f.advance(x, p.rowBytesX);
        f.advance(dy, p.rowBytes);
      });
    }),
  }));
  /** Runs with the layout of the irreps; scratch holds a row, the opened gates and a vector past each. */
  const withLayout = (irreps: Irreps, x: HeapTensor, writes: 'from' | 'to', run: (fields: Record<keyof typeof layout, number>, items: number, scratchBytes: number) => void): void => {
    const { irrepsIn, scalars, firstGate, gated } = gateLayout(irreps);
    const [channels, channelsIn] = [dimension(irreps), dimension(irrepsIn)];
    const { heap } = backend.machine;
    heap.borrow((4 * scalars.length + 2 * gated.length) * 4, (tables) => {
      const runs = [...scalars].sort((a, b) => a[writes] - b[writes]).flatMap(({ from, to, count, odd }) => [from * 4, to * 4, Math.ceil(count / 4), Number(odd)]);
      heap.integers(tables, 4 * scalars.length + 2 * gated.length).set([...runs, ...gated.flatMap(({ from, size }) => [size, from * 4])]);
      const fields = { voxels: x.size / channelsIn, rowBytes: channels * 4, rowBytesX: channelsIn * 4, runs: scalars.length, scalars: tables, gates: gated.length, firstGate: firstGate * 4, firstGated: (gated[0]?.to ?? 0) * 4, copies: tables + 16 * scalars.length };
      run(fields, itemsOfVoxels(fields.voxels), (Math.max(channels, channelsIn) + gated.length) * 4 + 64);
    });
  };
  return {
    Gate: ({ x }, { irreps }) => {
      const y = backend.output([...x.shape.slice(0, -1), dimension(irreps)]);
      withLayout(irreps, x, 'to', (fields, items, scratchBytes) => kernels.forward({ x: x.pointer, y: y.pointer, ...fields }, items, scratchBytes));
      return [y.info];
    },
    GateBackward: ({ dy, x }, { irreps }) => {
      const dx = backend.output(x.shape);
      withLayout(irreps, x, 'from', (fields, items, scratchBytes) => kernels.backward({ dy: dy.pointer, x: x.pointer, dx: dx.pointer, ...fields }, items, scratchBytes));
      return [dx.info];
    },
  };
};

const tanh = (f: FunctionBuilder, value: V128): V128 => V128.of(1).sub(V128.of(2).div(exponential(f, value.add(value)).add(1)));

/** Sigmoids of `count` values, in whole vectors. */
function sigmoids(f: FunctionBuilder, from: I32, to: I32, count: I32): void {
  const [source, target] = [f.i32(from), f.i32(to)];
  f.times(count.add(3).shr(2), () => {
    f.store(target, V128.of(1).div(exponential(f, loadV128(source).neg()).add(1)));
    f.advance(source, 16);
    f.advance(target, 16);
  });
}
