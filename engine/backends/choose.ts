/** @file Starts the backend a process computes with, after a self-check with a known answer. */
import { availableParallelism, cpus, platform } from 'node:os';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { problemFrom, type Problem } from '../contract/problem';
import { hasRelaxedSimd, loadI32 } from './wasm/assembler';
import { backendName, registerFallbacks, unregisterKernels, WasmBackend } from './wasm/backend';
import { registerKernels } from './wasm/kernels/table';
import { Machine } from './wasm/machine';
import { hasWideLanes } from './wasm/wide-lanes';

export interface BackendHandle {
  readonly threads: number;
  /** `single-thread` when the self-check of the helper threads failed. */
  readonly mode: 'threads' | 'single-thread';
  readonly kernelVariant: 'plain' | 'relaxed';
  /** Whether eight lanes are computed together; the bits do not tell. */
  readonly wide: boolean;
  readonly backend: WasmBackend;
  dispose(): Promise<void>;
}
export interface BackendOptions {
  /** Threads to compute with; default `min(available, physical cores where known)`. */
  threads?: number;
  /** Non-zero in its first word ends the running operator with a GyraError of code `cancelled`; 1 in its second, where it has one, lets the next operator wait until it is 0 and notified. */
  cancel?: Int32Array;
  kernelVariant?: 'plain' | 'relaxed';
  /** Eight lanes at a time; the default is what this runtime is faster with. The same bits either way. */
  wide?: boolean;
  /** Allocates as if it computed, and computes nothing. */
  planOnly?: boolean;
}

export const backendNames = ['wasm', 'tensorflow'] as const;
export type BackendName = (typeof backendNames)[number];

/** The backend that was asked for, or wasm and why. */
export interface ChosenBackend {
  readonly name: BackendName;
  readonly threads: number;
  /** SIMD of wasm; version and device of TensorFlow. */
  readonly kernelVariant: string;
  /** Of wasm: whether eight lanes are computed together. */
  readonly wide?: boolean;
  /** Why TensorFlow is not used though it was asked for. */
  readonly refusal?: Problem;
  dispose(): Promise<void>;
}

/** Where `npm run setup:tensorflow` builds. */
export const tensorflowFolder = fileURLToPath(new URL('../../.gyra/tensorflow/ready', import.meta.url));

/** Starts the backend asked for; where TensorFlow is missing or computes something else than wasm, wasm. */
export async function chooseBackend(name: BackendName, options: BackendOptions = {}): Promise<ChosenBackend> {
  const wasm = await startBackend(options);
  if (name === 'wasm') return { ...wasm, name };
  try {
    // only here, so that a process without TensorFlow loads none of it
    const [{ runExamples }, { startTensorflow }] = await Promise.all([import('./run-examples'), import('./tensorflow/start')]);
    const tensorflow = await startTensorflow(tensorflowFolder, { threads: wasm.threads, cancel: options.cancel }, runExamples());
    await wasm.dispose();
    return { name, threads: wasm.threads, kernelVariant: `${tensorflow.version} ${tensorflow.device}`, dispose: async () => tensorflow.dispose() };
  } catch (error) {
    await setBackend(backendName);
    return { ...wasm, name: 'wasm', refusal: problemFrom(error) };
  }
}

let current: BackendHandle | undefined;

/** Makes the wasm backend the one tfjs uses in this thread; a second call with other options replaces it. */
export async function startBackend(options: BackendOptions = {}): Promise<BackendHandle> {
  await current?.dispose();
  const relaxed = options.kernelVariant !== 'plain' && hasRelaxedSimd();
  const wide = options.wide ?? (!options.planOnly && hasWideLanes(relaxed));
  const cancel = options.cancel ?? new Int32Array(new SharedArrayBuffer(4));
  const wanted = options.threads ?? defaultThreads();
  const machine = options.planOnly ? await Machine.start({ threads: wanted, relaxed, wide, cancel, planOnly: true }) : await checkedMachine(wanted, relaxed, wide, cancel);
  const backend = new WasmBackend(machine);
  registerBackend(backendName, () => backend, 10);
  registerFallbacks(backend);
  registerKernels(backend);
  await setBackend(backendName);
  current = {
    threads: machine.threads,
    mode: machine.threads > 1 || wanted === 1 ? 'threads' : 'single-thread',
    kernelVariant: relaxed ? 'relaxed' : 'plain',
    wide,
    backend,
    dispose: async () => {
      current = undefined;
      unregisterKernels();
      removeBackend(backendName);
      await machine.stop();
    },
  };
  return current;
}

/** A machine whose threads gave the known answer; else one thread. */
async function checkedMachine(threads: number, relaxed: boolean, wide: boolean, cancel: Int32Array): Promise<Machine> {
  if (threads > 1) {
    try {
      const machine = await Machine.start({ threads, relaxed, wide, cancel });
      if (selfCheck(machine)) return machine;
      await machine.stop();
    } catch {
      // one thread computes the same, only slower
    }
  }
  return Machine.start({ threads: 1, relaxed, wide, cancel });
}

/** Squares of 0..n-1, one work item each. */
function selfCheck(machine: Machine): boolean {
  const n = 1000;
  const at = machine.heap.allocate(n * 4);
  const { square } = machine.load((m) => ({
    square: m.kernel('square', { at: 'i32' }, (f, p, item) => {
      f.store(p.at.add(item.shl(2)), item.mul(item));
      f.store(p.at.add(item.shl(2)), loadI32(p.at.add(item.shl(2))).add(1));
    }),
  }));
  square({ at }, n);
  const right = machine.heap.integers(at, n).every((value, i) => value === i * i + 1);
  machine.heap.release(at);
  return right;
}

export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), physicalCores() ?? Infinity));
}
/** Physical cores where the system tells; hyper-threads share the SIMD units and do not help. */
function physicalCores(): number | undefined {
  if (platform() !== 'linux') return undefined;
  try {
    const seen = new Set<string>();
    for (let cpu = 0; cpu < cpus().length; cpu++) {
      const folder = `/sys/devices/system/cpu/cpu${cpu}/topology/`;
      seen.add(`${readFileSync(`${folder}physical_package_id`, 'utf8')}/${readFileSync(`${folder}core_id`, 'utf8')}`);
    }
    return seen.size || undefined;
  } catch {
    return undefined;
  }
}
