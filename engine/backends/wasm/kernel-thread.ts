/** @file What a helper thread does: wait, take work items from one counter, say when there are none left. */

import type { MessagePort } from 'node:worker_threads';

/** Words of the control block shared by all threads. */
export const control = { generation: 0, done: 1, next: 2, items: 3, module: 4, entry: 5, parameters: 6, scratch: 7, scratchBytes: 8, stop: 9, failed: 10, words: 16 } as const;

export interface KernelThreadData {
  control: Int32Array;
  cancel: Int32Array;
  memory: WebAssembly.Memory;
  port: MessagePort;
  id: number;
  words: typeof control;
}

/**
 * The whole source of a helper thread; it is turned into text and must use nothing from outside itself, so that it needs no file of its own in a bundle, a test or a packed app.
 * Modules arrive through a port that is read when the number of the module is new.
 */
export function kernelThread(): void {
  // not require: a bundler would turn that into a name from outside
  const { workerData, receiveMessageOnPort, parentPort } = process.getBuiltinModule('node:worker_threads');
  const { control, cancel, memory, port, id, words } = workerData as KernelThreadData;
  const modules: WebAssembly.Exports[] = [];
  const entries: string[][] = [];
  let seen = 0;
  parentPort!.postMessage('ready');
  for (;;) {
    for (let spin = 0; spin < 4000 && Atomics.load(control, words.generation) === seen; spin++);
    Atomics.wait(control, words.generation, seen);
    seen = Atomics.load(control, words.generation);
    if (control[words.stop]) break;
    for (let message = receiveMessageOnPort(port); message; message = receiveMessageOnPort(port)) {
      const { module, names } = message.message as { module: WebAssembly.Module; names: string[] };
      modules.push(new WebAssembly.Instance(module, { env: { memory, log: Math.log } }).exports);
      entries.push(names);
    }
    const kernel = modules[control[words.module]!]![entries[control[words.module]!]![control[words.entry]!]!] as (parameters: number, item: number, scratch: number) => void;
    const scratch = control[words.scratch]! + id * control[words.scratchBytes]!;
    try {
      for (let item = Atomics.add(control, words.next, 1); item < control[words.items]!; item = Atomics.add(control, words.next, 1)) {
        if (Atomics.load(cancel, 0)) break;
        kernel(control[words.parameters]!, item, scratch);
      }
    } catch {
      // told by who waits for this thread, which would wait for ever if it ended here
      Atomics.store(control, words.failed, 1);
    }
    Atomics.add(control, words.done, 1);
    Atomics.notify(control, words.done);
  }
}
