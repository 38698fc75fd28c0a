/** @file Loads what `npm run setup:tensorflow` or `setup:gpu` has built: tfjs-node's backend and kernels on a TensorFlow library, registered with our own copy of tfjs-core. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import { join } from 'node:path';
import * as util from 'node:util';
import * as tfjs from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { z } from 'zod';
import { GyraError, withoutPaths } from '../../contract/problem';

export const backendName = 'tensorflow';

/** `installed.json`, which the set-up writes last. */
const installation = z.object({ schemaVersion: z.literal(1), device: z.enum(['cpu', 'gpu']), package: z.string(), packageVersion: z.string(), library: z.string() });
export type Installation = z.infer<typeof installation>;

/** The functions of the addon that are used here; the backend uses the others. */
interface Addon {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}
interface Kernels {
  readonly NodeJSKernelBackend: new (addon: Addon, packageName: string) => tfjs.KernelBackend;
}
/** tfjs-node's JavaScript as one function of the modules it asks for, so that it meets our tfjs-core and no second copy of it. */
type KernelsModule = (require: (name: string) => unknown) => Kernels;

export interface LoadedAddon {
  readonly installation: Installation;
  /** Of the TensorFlow library. */
  readonly version: string;
  readonly device: 'CPU' | 'GPU';
}

/** What is installed in a folder; null where nothing is, or an unfinished set-up. */
export function readInstallation(folder: string): Installation | null {
  try {
    return installation.parse(JSON.parse(readFileSync(join(folder, 'installed.json'), 'utf8')));
  } catch {
    return null;
  }
}

/** tfjs-node's backend is an old-style class and calls the one it extends as a function, which a class does not allow; this one has nothing to set up. */
function KernelBackend(): void {}
KernelBackend.prototype = tfjs.KernelBackend.prototype;

const load = createRequire(import.meta.url);
/** What tfjs-node's JavaScript gets for the names it asks for. */
function moduleFor(name: string): unknown {
  if (name.startsWith('@tensorflow/')) return { ...tfjs, KernelBackend };
  // removed in Node 23
  if (name === 'util') return { ...util, isArray: Array.isArray, isNullOrUndefined: (value: unknown) => value === null || value === undefined };
  return name === 'os' ? os : {};
}

/** The addon and its kernels, which are loaded once per thread. */
let loaded: { readonly addon: Addon; readonly kernels: Kernels } | undefined;

/**
 * Loads the addon and registers its backend as `tensorflow`.
 * @param folder holds installed.json, tfjs_binding.node and kernels.cjs
 * @throws GyraError where it is not installed or does not load
 */
export function loadAddon(folder: string, threads: number): LoadedAddon {
  const found = readInstallation(folder);
  if (!found) throw new GyraError('not-found', 'TensorFlow is not installed for Gyra.', 'Run `npm run setup:tensorflow`, or `npm run setup:gpu` on a machine with an NVIDIA card.');
  // TensorFlow reads its settings from the environment when it is loaded. TF32 would round products to ten bits.
  const settings = { TF_FORCE_GPU_ALLOW_GROWTH: 'true', NVIDIA_TF32_OVERRIDE: '0', TF_NUM_INTRAOP_THREADS: String(threads), TF_CPP_MIN_LOG_LEVEL: '3' };
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
  try {
    loaded ??= { addon: load(join(folder, 'tfjs_binding.node')) as Addon, kernels: (load(join(folder, 'kernels.cjs')) as KernelsModule)(moduleFor) };
    const { addon, kernels } = loaded;
    tfjs.registerBackend(backendName, () => new kernels.NodeJSKernelBackend(addon, found.package), 1);
    return { installation: found, version: addon.TF_Version, device: addon.isUsingGpuDevice() ? 'GPU' : 'CPU' };
  } catch (error) {
    throw new GyraError('internal', `TensorFlow does not load: ${withoutPaths(error instanceof Error ? error.message : String(error))}`, 'Run `npm run setup:tensorflow -- --remove`, then the set-up again.');
  }
}
