/** @file What this machine can do at most, measured as our kernels use it: SIMD of WebAssembly on all threads, tensors in the shared heap. */
import { loadV128, type FunctionBuilder, type V128 } from '../backends/wasm/assembler';
import type { Machine } from '../backends/wasm/machine';
import type { BenchRow } from './bench-rows';

/** As many running sums, of eight lanes each, as hide the latency of a multiply-add and still fit the registers. */
const sums = 10;
const lanes = 8;
const [rounds, items] = [500_000, 16];
/** More than any cache of today's desktop machines. */
const bytes = 256 * 2 ** 20;

const lanesOf = ({ wide }: Machine): string => (wide ? 'eight-lane' : 'four-lane');

export const machineRows = (machine: Machine): readonly BenchRow[] => [
  multiplyAddRow(machine, 'machine/multiply-adds', `${lanesOf(machine)} multiplications and additions`, (_, a, b, c) => c.add(a.mul(b))),
  ...(machine.relaxed ? [multiplyAddRow(machine, 'machine/fused-multiply-adds', `${lanesOf(machine)} fused multiply-adds`, (f, a, b, c) => f.multiplyAdd(a, b, c))] : []),
  bandwidthRow(machine, 'machine/read', 'read once', false),
  bandwidthRow(machine, 'machine/copy', 'read and written once', true),
];

function multiplyAddRow(machine: Machine, id: string, what: string, multiplyAdd: (f: FunctionBuilder, a: V128, b: V128, c: V128) => V128): BenchRow {
  return {
    id,
    what: `${what} on registers`,
    repeats: 5,
    figure: 'minimum',
    work: { amount: lanes * sums * rounds * items, unit: 'multiply-adds' },
    prepare: async () => {
      const to = machine.heap.allocate(4 * lanes * items);
      const { spin } = machine.load((m) => {
        const spinEight = m.functionOfEight([16], (f, to) => {
          const totals = Array.from({ length: sums }, (_, i) => f.eight(i));
          const [factor, term] = [f.v128(0.5), f.v128(1)];
          f.times(rounds, () => totals.forEach((total) => f.set(total, multiplyAdd(f, total, factor, term))));
          f.store(to, totals.reduce((sum, total) => sum.add(total)));
        });
        return { spin: m.kernel('spin', { to: 'i32' }, (f, p, item) => f.call(spinEight, p.to.add(item.mul(4 * lanes)))) };
      });
      return { run: () => spin({ to }, items), dispose: () => machine.heap.release(to) };
    },
  };
}

function bandwidthRow(machine: Machine, id: string, what: string, writes: boolean): BenchRow {
  const part = bytes / items;
  return {
    id,
    what: `${bytes / 2 ** 20} MiB ${what}`,
    repeats: 5,
    figure: 'minimum',
    work: { amount: (writes ? 2 : 1) * bytes, unit: 'bytes' },
    prepare: async () => {
      const [from, to] = [machine.heap.allocate(bytes), machine.heap.allocate(writes ? bytes : 16 * items)];
      machine.heap.floats(from, bytes / 4).fill(1); // memory never written has no pages of its own
      const { pass } = machine.load((m) => ({
        pass: m.kernel('pass', { from: 'i32', to: 'i32' }, (f, p, item) => {
          const source = f.i32(p.from.add(item.mul(part)));
          const target = f.i32(p.to.add(item.mul(writes ? part : 16)));
          const totals = Array.from({ length: 8 }, () => f.v128(0));
          f.times(part / 128, () => {
            totals.forEach((total, i) => (writes ? f.store(target, loadV128(source, 16 * i), 16 * i) : f.set(total, total.add(loadV128(source, 16 * i)))));
            f.advance(source, 128);
            if (writes) f.advance(target, 128);
          });
          if (!writes) f.store(target, totals.reduce((sum, total) => sum.add(total)));
        }),
      }));
      return { run: () => pass({ from, to }, items), dispose: () => [from, to].forEach((block) => machine.heap.release(block)) };
    },
  };
}
