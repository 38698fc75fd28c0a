/** @file Heap and threads together: compiles modules and runs kernels over work items. Items are fixed by shape, never by the number of threads, so results have the same bits on any number. */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { cancelled, GyraError } from '../../contract/problem';
import { obey } from '../obey';
import { ModuleBuilder, type Fields, type Kernel } from './assembler';
import { Heap } from './heap';
import { control as words, kernelThread } from './kernel-thread';

const parameterBytes = 1024;
const answerMilliseconds = 5000;

export interface MachineOptions {
  threads: number;
  relaxed: boolean;
  /** Whether eight lanes are computed together, which pays where V8 makes 256-bit instructions of them; the bits are the same. */
  wide?: boolean;
  /** Non-zero in its first word stops the running kernel at its next work item; 1 in its second, where it has one, lets the next kernel wait until it is 0 and notified. */
  cancel: Int32Array;
  /** Kernels are not run: everything is allocated as if they were, and the heap's high-water mark is that of a real step. Untouched memory costs nothing. */
  planOnly?: boolean;
  /** The most the heap may grow to, 4 GiB without. */
  heapBytes?: number;
}
/** A kernel bound to the machine: call it with its fields, the number of work items and the scratch bytes one thread needs. */
export type BoundKernel<F extends Fields> = (fields: { [K in keyof F]: number }, items: number, scratchBytes?: number) => void;

export class Machine {
  readonly heap: Heap;
  private readonly control = new Int32Array(new SharedArrayBuffer(words.words * 4));
  private readonly modules: { exports: WebAssembly.Exports; names: string[] }[] = [];
  private workers: { worker: Worker; port: MessagePort }[] = [];
  private readonly parameters: number;
  private scratch = { start: 0, bytes: 0 };

  private constructor(private readonly options: MachineOptions) {
    this.heap = new Heap(options.heapBytes);
    this.parameters = this.heap.allocate(parameterBytes);
  }

  /** Starts the helper threads; rejects when one does not answer. */
  static async start(options: MachineOptions): Promise<Machine> {
    const machine = new Machine(options);
    try {
      if (!options.planOnly) for (let id = 1; id < options.threads; id++) machine.workers.push(await machine.startThread(id));
    } catch (error) {
      await machine.stop();
      throw error;
    }
    return machine;
  }
  get threads(): number {
    return this.options.planOnly ? this.options.threads : 1 + this.workers.length;
  }
  get planOnly(): boolean {
    return this.options.planOnly ?? false;
  }
  get wide(): boolean {
    return this.options.wide ?? false;
  }
  get relaxed(): boolean {
    return this.options.relaxed;
  }

  private async startThread(id: number): Promise<{ worker: Worker; port: MessagePort }> {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(`(${kernelThread.toString()})()`, {
      eval: true,
      workerData: { control: this.control, cancel: this.options.cancel, memory: this.heap.memory, port: port2, id, words },
      transferList: [port2],
    });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new GyraError('internal', 'A compute thread did not start.', 'Start again with --threads 1.')), answerMilliseconds);
      worker.once('message', () => (clearTimeout(late), resolve()));
      worker.once('error', (error) => (clearTimeout(late), reject(error)));
    });
    worker.unref();
    port1.unref();
    return { worker, port: port1 };
  }

  /** Compiles a module on every thread and binds its kernels. */
  load<K extends Record<string, Kernel<Fields>>>(build: (m: ModuleBuilder) => K): { [N in keyof K]: BoundKernel<K[N]['fields']> } {
    const builder = new ModuleBuilder(this.options.relaxed, this.options.wide);
    const kernels = build(builder);
    const module = new WebAssembly.Module(builder.bytes());
    const names = Object.values(kernels).map(({ name }) => name);
    for (const { port } of this.workers) port.postMessage({ module, names });
    const index = this.modules.push({ exports: new WebAssembly.Instance(module, { env: { memory: this.heap.memory, log: Math.log } }).exports, names }) - 1;
    const bound = Object.entries(kernels).map(([key, { fields }], entry) => [key, (values: Record<string, number>, items: number, scratchBytes = 0) => this.run(index, entry, fields, values, items, scratchBytes)]);
    return Object.fromEntries(bound) as { [N in keyof K]: BoundKernel<K[N]['fields']> };
  }

  private run(module: number, entry: number, fields: Fields, values: Record<string, number>, items: number, scratchBytes: number): void {
    const { cancel } = this.options;
    obey(cancel);
    this.reserveScratch(scratchBytes);
    if (this.options.planOnly) return;
    const integers = this.heap.integers(this.parameters, parameterBytes / 4);
    const floats = this.heap.floats(this.parameters, parameterBytes / 4);
    Object.entries(fields).forEach(([name, type], i) => {
      const value = values[name];
      if (value === undefined || Number.isNaN(value)) throw new Error(`kernel field ${name} is missing`);
      (type === 'i32' ? integers : floats)[i] = value;
    });
    const c = this.control;
    const shared = this.workers.length > 0 && items > 1;
    c.set([module, entry, this.parameters | 0, this.scratch.start | 0, this.scratch.bytes], words.module);
    c[words.items] = items;
    Atomics.store(c, words.done, 0);
    Atomics.store(c, words.next, 0);
    Atomics.store(c, words.failed, 0);
    if (shared) {
      Atomics.add(c, words.generation, 1);
      Atomics.notify(c, words.generation);
    }
    const loaded = this.modules[module]!;
    const kernel = loaded.exports[loaded.names[entry]!] as (parameters: number, item: number, scratch: number) => void;
    try {
      for (let item = Atomics.add(c, words.next, 1); item < items; item = Atomics.add(c, words.next, 1)) {
        if (Atomics.load(cancel, 0)) break;
        kernel(this.parameters, item, this.scratch.start);
      }
    } finally {
      if (shared) this.awaitThreads();
    }
    if (Atomics.load(c, words.failed)) throw new Error(`The kernel ${loaded.names[entry]!} failed.`);
    if (Atomics.load(cancel, 0)) throw cancelled();
  }
  private awaitThreads(): void {
    const c = this.control;
    const wanted = this.workers.length;
    for (let spin = 0; spin < 20_000 && Atomics.load(c, words.done) < wanted; spin++);
    for (let done = Atomics.load(c, words.done); done < wanted; done = Atomics.load(c, words.done)) Atomics.wait(c, words.done, done, 1000);
  }
  private reserveScratch(bytes: number): void {
    const aligned = Math.ceil(bytes / 4096) * 4096;
    if (aligned <= this.scratch.bytes) return;
    const before = this.scratch;
    // forgotten before it is released: where the larger one cannot be had, nobody may write to it again
    this.scratch = { start: 0, bytes: 0 };
    if (before.bytes) this.heap.release(before.start);
    this.scratch = { start: this.heap.allocate(aligned * this.threads), bytes: aligned };
  }
  async stop(): Promise<void> {
    this.control[words.stop] = 1;
    Atomics.add(this.control, words.generation, 1);
    Atomics.notify(this.control, words.generation);
    await Promise.all(this.workers.map(({ worker }) => worker.terminate()));
    this.workers = [];
  }
}
