/** @file onnxruntime's dense convolution, where `npm run setup:peers` has installed it: the size of the steerable layer in the benchmark, 30 -> 36 channels, 5^3, 48^3. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peersAreInstalled } from '../peers.mjs';
import { root } from '../setup.mjs';

const [inputs, outputs, taps, n] = [30, 36, 5, 48];
const noise = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898));

/** Null where it is not installed; else its version and a function that runs the convolution once. */
export async function startOnnxruntime(threads) {
  if (!peersAreInstalled()) return null;
  const runtime = createRequire(join(root, '.gyra', 'peers', 'package.json'))('onnxruntime-node');
  const { writeOnnx } = await load('engine/model/onnx-file.ts');
  const model = writeOnnx({
    operatorSet: 11,
    description: '',
    metadata: {},
    producer: { name: 'gyra', version: '0' },
    input: { name: 'x', shape: [1, inputs, n, n, n] },
    output: { name: 'y', shape: [1, outputs, n, n, n] },
    nodes: [{ type: 'Conv', inputs: ['x', 'weight'], outputs: ['y'], attributes: { kernel_shape: [taps, taps, taps], pads: Array(6).fill((taps - 1) / 2) } }],
    initializers: [{ name: 'weight', shape: [outputs, inputs, taps, taps, taps], data: noise(outputs * inputs * taps ** 3) }],
  });
  const session = await runtime.InferenceSession.create(model, { intraOpNumThreads: threads, executionMode: 'sequential', extra: { session: { intra_op: { allow_spinning: '0' } } } });
  const x = new runtime.Tensor('float32', noise(inputs * n ** 3), [1, inputs, n, n, n]);
  const once = async () => {
    const start = performance.now();
    await session.run({ x });
    return performance.now() - start;
  };
  await once();
  return { version: runtime.env.versions.node, measure: async () => ({ ms: Math.min(await once(), await once()), layout: 'contiguous' }), end: () => session.release() };
}

/** A module of ours that imports nothing of Node's, from its source. */
async function load(path) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({ entryPoints: [join(root, path)], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
