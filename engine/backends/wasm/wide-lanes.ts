/**
 * @file Eight lanes at a time. WebAssembly's vectors have four, but V8 can make one 256-bit instruction of the two halves of eight (`--experimental-wasm-revectorize`, x86-64, off by default). Each lane is computed as before, so
 * the bits are the same with and without; only the time differs, and so a measurement may choose.
 */
import { setFlagsFromString } from 'node:v8';
import { I32, ModuleBuilder } from './assembler';

const flag = '--experimental-wasm-revectorize';
const [v8Major = 0] = process.versions.v8.split('.').map(Number);
const isKnown = process.arch === 'x64' && v8Major >= 13;

const [inputs, rows] = [32, 400];
/** For four lanes alone, for both at most, and for which eight must stay ahead: V8 optimises either at a time of its own. */
const milliseconds = { alone: 10, both: 50, ahead: 5 };
/** How many times faster eight lanes must be: they are twice as fast where V8 joins the halves, and half as fast where it does not, for want of registers. */
const leastGain = 1.25;

const measured = new Map<boolean, boolean>();

/** Whether V8 joins halves here: products as the kernels have them, in both ways, until V8 has optimised them. Measured once; takes 50 ms at most. */
export function hasWideLanes(relaxed: boolean): boolean {
  if (!isKnown) return false;
  // Electron may have frozen V8's flags when it started, and setting one would then end the process
  if (!process.versions.electron) setFlagsFromString(flag);
  if (!measured.has(relaxed)) measured.set(relaxed, isFasterWide(relaxed));
  return measured.get(relaxed)!;
}

function isFasterWide(relaxed: boolean): boolean {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const [narrow, wide] = [false, true].map((isWide) => productsIn(memory, new ModuleBuilder(relaxed, isWide))) as [() => void, () => void];
  const least = { narrow: Infinity, wide: Infinity };
  const timeOf = (run: () => void): number => {
    const begun = performance.now();
    run();
    return performance.now() - begun;
  };
  const begun = performance.now();
  while (performance.now() < begun + milliseconds.alone) timeOf(narrow);
  for (let ahead: number | undefined; performance.now() < begun + milliseconds.both; ) {
    least.narrow = Math.min(least.narrow, timeOf(narrow));
    least.wide = Math.min(least.wide, timeOf(wide));
    if (least.wide * leastGain >= least.narrow) ahead = undefined;
    else if (performance.now() > (ahead ??= performance.now()) + milliseconds.ahead) return true;
  }
  return false;
}

/** Rows of numbers times two columns, as at a point of a spectrum. */
function productsIn(memory: WebAssembly.Memory, m: ModuleBuilder): () => void {
  const line = m.functionOfEight([16, 16], (f, from, to) => {
    const sums = Array.from({ length: 4 }, () => f.eight(0));
    const value = f.eight();
    f.times(inputs, () => {
      f.set(value, f.loadEight(from));
      sums.forEach((sum, n) => f.set(sum, f.multiplyAdd(value, f.loadEight(from, 32 * (n + 1)), sum)));
      f.advance(from, 32);
    });
    sums.forEach((sum, n) => f.store(to, sum, 32 * n));
  });
  const probe = m.kernel('probe', {}, (f) => f.times(rows, () => f.call(line, I32.of(64), I32.of(8192))));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory, log: Math.log } });
  const kernel = exports[probe.name] as (parameters: number, item: number, scratch: number) => void;
  return () => kernel(0, 0, 0);
}
