/** @file tfjs-node's JavaScript as one CommonJS file that exports a function of `require`: the engine hands it the tfjs-core it already has. */
import { build } from 'esbuild';

/** @param {string} packageFolder the unpacked @tensorflow/tfjs-node @param {string} outfile */
export async function bundleKernels(packageFolder, outfile) {
  await build({
    stdin: { contents: "import './dist/register_all_kernels.js'; export { NodeJSKernelBackend } from './dist/nodejs_kernel_backend.js';", resolveDir: packageFolder },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    banner: { js: 'module.exports = (require) => { const module = { exports: {} };' },
    footer: { js: 'return module.exports; };' },
    external: ['@tensorflow/*'],
    // Messages for TensorBoard, which nothing here writes.
    plugins: [{ name: 'without TensorBoard', setup: ({ onResolve }) => onResolve({ filter: /api_pb$/ }, () => ({ path: 'api_pb', external: true })) }],
  });
}
