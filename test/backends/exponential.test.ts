import { expect, it } from 'vitest';
import { hasRelaxedSimd, loadV128 } from '../../engine/backends/wasm/assembler';
import { exponential } from '../../engine/backends/wasm/exponential';
import { Machine } from '../../engine/backends/wasm/machine';

it('exponential is within 2e-7 of the truth from -87 to 88, and holds its ends beyond', async () => {
  const machine = await Machine.start({ threads: 1, relaxed: hasRelaxedSimd(), cancel: new Int32Array(new SharedArrayBuffer(4)) });
  const { exp } = machine.load((m) => ({ exp: m.kernel('exp', { at: 'i32' }, (f, p, item) => f.store(p.at.add(item.shl(4)), exponential(f, loadV128(p.at.add(item.shl(4)))))) }));
  const x = Float32Array.from({ length: 40_000 }, (_, n) => -87 + (175 * n) / 39_999);
  const at = machine.heap.allocate(x.byteLength + 16);
  const values = machine.heap.floats(at, x.length + 4);
  values.set([...x, -1000, -Infinity, 1000, Infinity]);
  exp({ at }, x.length / 4 + 1);
  const worst = x.reduce((error, value, n) => Math.max(error, Math.abs(values[n] / Math.exp(value) - 1)), 0);
  expect(worst).toBeLessThan(2e-7);
  expect(worst).toBeGreaterThan(0);
  expect([...values.subarray(x.length)]).toEqual([values[0], values[0], values[x.length - 1], values[x.length - 1]]);
  await machine.stop();
});
