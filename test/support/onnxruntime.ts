/** @file onnxruntime as `npm run setup:peers` installs it; tests that need it are extra and say when they skip. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The part of onnxruntime-node's interface that is used here. */
interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
export interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly InferenceSession: { create(model: Uint8Array, options?: Readonly<Record<string, unknown>>): Promise<{ run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>; release(): Promise<void> }> };
}

const folder = fileURLToPath(new URL('../../.gyra/peers/', import.meta.url));

/** Null, with a line on the console, where it is not installed. */
export function onnxRuntime(): OnnxRuntime | null {
  if (existsSync(`${folder}node_modules/onnxruntime-node/package.json`)) return createRequire(`${folder}package.json`)('onnxruntime-node') as OnnxRuntime;
  console.log('skipped: onnxruntime is not installed; npm run setup:peers does it');
  return null;
}
