import { describe, expect, it } from 'vitest';
import { loadSplat, V128, type ModuleBuilder } from '../../engine/backends/wasm/assembler';
import { Machine } from '../../engine/backends/wasm/machine';
import { hasWideLanes } from '../../engine/backends/wasm/wide-lanes';

const fields = { from: 'i32', to: 'i32', hasSecond: 'i32' } as const;
const values = Float32Array.from({ length: 24 }, (_, i) => Math.fround(Math.sin(i) + 1 / 3));

/** What a kernel writes to eight floats that were -1 before. */
async function results(wide: boolean, build: (m: ModuleBuilder) => { kernel: ReturnType<typeof kernelOf> }, hasSecond = 1): Promise<number[]> {
  const machine = await Machine.start({ threads: 1, relaxed: false, wide, cancel: new Int32Array(new SharedArrayBuffer(4)) });
  const { kernel } = machine.load(build);
  const [from, to] = [machine.heap.allocate(96), machine.heap.allocate(32)];
  machine.heap.floats(from, 24).set(values);
  machine.heap.floats(to, 8).fill(-1);
  kernel({ from, to, hasSecond }, 1);
  const made = [...machine.heap.floats(to, 8)];
  await machine.stop();
  return made;
}
/** A kernel that calls a function of eight lanes. */
const kernelOf = (m: ModuleBuilder, line: Parameters<ModuleBuilder['functionOfEight']>[1]) => {
  const called = m.functionOfEight([16, 16], line);
  return m.kernel('kernel', fields, (f, p) => f.callHalves(called, p.hasSecond, [p.from, p.to]));
};
const mixed = (m: ModuleBuilder) => ({
  kernel: kernelOf(m, (f, from, to) => {
    const sum = f.eight(0.25);
    f.times(2, () => {
      f.set(sum, f.multiplyAdd(f.loadEight(from), f.loadEight(from, 32), sum));
      f.set(sum, sum.sub(f.inEight(0.5)).mul(f.constant(3)).max(V128.of(-100)).neg().shuffle(f.loadEight(from), [1, 0, 7, 2]));
      f.advance(from, 32);
    });
    f.store(to, sum);
  }),
});

describe('eight lanes', () => {
  it('are the same bits together and one half after the other', async () => {
    const [apart, together] = [await results(false, mixed), await results(true, mixed)];
    expect(together).toEqual(apart);
    expect(new Set(together).size).toBe(8);
  });
  it('of the expressions are those of JavaScript', async () => {
    const build = (m: ModuleBuilder) => ({ kernel: kernelOf(m, (f, from, to) => f.store(to, f.loadEight(from).mul(f.loadEight(from, 32)).add(2))) });
    const expected = Array.from({ length: 8 }, (_, i) => Math.fround(Math.fround(values[i]! * values[i + 8]!) + 2));
    for (const wide of [false, true]) expect(await results(wide, build)).toEqual(expected);
  });
  it('store both halves of one number, and of a half that is shared', async () => {
    const build = (m: ModuleBuilder) => ({
      kernel: kernelOf(m, (f, from, to) => {
        const sum = f.eight();
        f.set(sum, loadSplat(from));
        f.store(to, sum.add(f.inEight(1)));
      }),
    });
    const [apart, together] = [await results(false, build), await results(true, build)];
    expect(together).toEqual(Array(8).fill(Math.fround(values[0]! + 1)));
    expect(apart.slice(0, 4)).toEqual(together.slice(0, 4));
  });
  it('are not stored by half unawares', async () => {
    const build = (m: ModuleBuilder) => ({ kernel: kernelOf(m, (f, from, to) => f.store(to, loadSplat(from))) });
    await expect(results(true, build)).rejects.toThrow('would store four');
    expect((await results(false, build)).slice(0, 4)).toEqual(Array(4).fill(values[0]));
  });
  it('are not set in a local of four', async () => {
    const build = (m: ModuleBuilder) => ({ kernel: kernelOf(m, (f, from) => f.set(f.v128(), f.loadEight(from))) });
    await expect(results(true, build)).rejects.toThrow('a local of four');
  });
  it('leave out the second half where there is none, when it is a call of its own', async () => {
    const build = (m: ModuleBuilder) => ({ kernel: kernelOf(m, (f, from, to) => f.store(to, f.loadEight(from))) });
    expect(await results(false, build, 0)).toEqual([...values.slice(0, 4), -1, -1, -1, -1]);
    expect(await results(true, build, 0)).toEqual([...values.slice(0, 8)]);
  });
  it('have one answer a process, and none where V8 cannot join their halves', () => {
    const first = hasWideLanes(false);
    expect(hasWideLanes(false)).toBe(first);
    if (process.arch !== 'x64' || Number(process.versions.v8.split('.')[0]) < 13) expect(first).toBe(false);
  });
});
