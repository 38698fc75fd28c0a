/** @file Blocks of one shared WebAssembly memory: best fit, neighbours joined when freed. */
import { GyraError } from '../../contract/problem';

const pageBytes = 65536;
const alignment = 64;
/** Kernels may read or write one vector past the end of a block, never use it. */
const slackBytes = 64;
/** Pages come in steps of this size, so that growth is rare. */
const growthBytes = 32 * 2 ** 20;

export class Heap {
  readonly memory: WebAssembly.Memory;
  private free: { start: number; length: number }[] = [];
  private readonly used = new Map<number, number>();
  private end = alignment;
  /** Bytes in use now, and the most there were. */
  usedBytes = 0;
  highWaterBytes = 0;

  constructor(maximumBytes = 2 ** 32) {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: Math.floor(maximumBytes / pageBytes), shared: true });
  }
  get blocks(): number {
    return this.used.size;
  }
  /** Address of a new block, contents undefined. Throws a GyraError when 4 GiB are used up. */
  allocate(bytes: number): number {
    const length = Math.ceil((bytes + slackBytes) / alignment) * alignment;
    let best = -1;
    for (let i = 0; i < this.free.length; i++) {
      const candidate = this.free[i]!.length;
      if (candidate >= length && (best < 0 || candidate < this.free[best]!.length)) best = i;
    }
    let start: number;
    if (best >= 0) {
      const block = this.free[best]!;
      start = block.start;
      if (block.length === length) this.free.splice(best, 1);
      else this.free[best] = { start: block.start + length, length: block.length - length };
    } else start = this.extend(length);
    this.used.set(start, length);
    this.usedBytes += length;
    this.highWaterBytes = Math.max(this.highWaterBytes, this.usedBytes);
    return start;
  }
  release(start: number): void {
    const length = this.used.get(start);
    if (length === undefined) throw new Error('heap: released a block that is not in use');
    this.used.delete(start);
    this.usedBytes -= length;
    let at = this.free.findIndex((block) => block.start > start);
    if (at < 0) at = this.free.length;
    this.free.splice(at, 0, { start, length });
    this.join(at);
    this.join(at - 1);
  }
  /** A block for the time of one call. */
  borrow<T>(bytes: number, use: (start: number) => T): T {
    const start = this.allocate(bytes);
    try {
      return use(start);
    } finally {
      this.release(start);
    }
  }
  private join(i: number): void {
    const a = this.free[i];
    const b = this.free[i + 1];
    if (!a || !b || a.start + a.length !== b.start) return;
    this.free.splice(i, 2, { start: a.start, length: a.length + b.length });
  }
  private extend(length: number): number {
    const last = this.free.at(-1);
    const start = last && last.start + last.length === this.end ? last.start : this.end;
    const missing = start + length - this.memory.buffer.byteLength;
    if (missing > 0) {
      const wanted = Math.ceil(Math.max(missing, growthBytes) / pageBytes);
      try {
        this.memory.grow(wanted);
      } catch {
        try {
          this.memory.grow(Math.ceil(missing / pageBytes));
        } catch {
          throw new GyraError('out-of-memory', `The engine needs ${Math.ceil((this.usedBytes + length) / 2 ** 20)} MiB and cannot get it.`, 'Use a smaller patch (--patch of predict and evaluate, sampling.patchSize of training), fewer features, or close other programs.');
        }
      }
    }
    if (last && start === last.start) this.free.pop();
    this.end = start + length;
    return start;
  }
  floats(start: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, length);
  }
  doubles(start: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, start, length);
  }
  integers(start: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, start, length);
  }
}
