import { tensor, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { pooledSizes } from '../../engine/contract/network-sizes';
import { buildNetwork } from '../../engine/model/build-network';
import { exportOnnx } from '../../engine/model/export-onnx';
import { foldNetwork } from '../../engine/model/fold';
import type { Network } from '../../engine/model/network';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { channelsLast } from '../support/channels-last';
import { onnxRuntime } from '../support/onnxruntime';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';

/** Fresh weights are all alike: norms get weights and biases that matter. */
function made(spec: ModelSpec): Network {
  const network = buildNetwork(spec, 3);
  for (const [name, value] of [...network.variables, ...network.statistics]) if (/norm\d\.|^bias/.test(name)) tidy(() => value.assign(tensor(Float32Array.from(randomArray(name, value.size).data, (one) => Math.abs(0.7 + 0.5 * one)), value.shape)));
  return network;
}
const steerable = { architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 5, irreps: '2x0e+1x1e+1x2e' };
const specs: [string, ModelSpec][] = [
  ['steerable', modelSpec.parse({ ...steerable, inputs: 2, poolings: 2 })],
  ['steerable without cut-off', modelSpec.parse({ ...steerable, cutoff: false })],
  ['steerable, no vectors, kernel 3', modelSpec.parse({ ...steerable, irreps: '2x0e+2x2e', kernelSize: 3 })],
  ['steerable, vectors only', modelSpec.parse({ ...steerable, irreps: '2x1e', outputIrreps: '1x1e' })],
  ['steerable, scalars only', modelSpec.parse({ ...steerable, irreps: '3x0e' })],
  ['steerable, mean norm, average pooling', modelSpec.parse({ ...steerable, normalisation: { by: 'mean-norm' }, pooling: 'average' })],
  ['steerable, batch norm, low-pass pooling', modelSpec.parse({ ...steerable, normalisation: { kind: 'batch' }, pooling: 'low-pass' })],
  ['steerable, no norm, signed norms', modelSpec.parse({ ...steerable, equivariance: 'O3', irreps: '2x0e+1x0o+1x1o+1x2e', normalisation: { kind: 'none' }, pooling: 'signed-norm' })],
  ['steerable, parities, mean norm', modelSpec.parse({ ...steerable, equivariance: 'O3', irreps: '2x0e+1x0o+1x1o+1x1e', normalisation: { by: 'mean-norm' } })],
  ['steerable, longer voxels along z', modelSpec.parse({ ...steerable, steps: [1, 1, 2] })],
  ["group CNN of Klein's group", modelSpec.parse({ architecture: 'group-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 3, features: 3 })],
  ['group CNN of the cube', modelSpec.parse({ architecture: 'group-unet', group: 'cube', outputs: 2, poolings: 1, kernelSize: 3, features: 1 })],
  ['ordinary', modelSpec.parse({ architecture: 'unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 3, features: 4 })],
];
/** Of different sizes, none of them a cube. In the last one regions are alike, so that norms tie in pooling; only for one pooling and beside scalars: behind a pooling, and among vectors alone, which vanish in such regions, rounding decides what ties, as it does where voxels are longer along one axis. */
const images = (spec: ModelSpec): NumberArray[] => [
  ...[[8, 4, 12], [4, 8, 4]].map((size, i) => randomArray(`image ${i}`, 1, spec.inputs, ...size.map((n) => n + pooledSizes(spec).remainder))),
  ...(spec.poolings === 1 && pooledSizes(spec).remainder === 0 && !('irreps' in spec && (spec.irreps === '2x1e' || String(spec.steps) !== '1,1,1')) ? [{ shape: [1, spec.inputs, 6, 6, 16], data: Float64Array.from({ length: spec.inputs * 576 }, (_, at) => (at % 16 < 7 ? 1 : 0)) }] : []),
];
const logitsOf = (network: Network, image: NumberArray): Float32Array => tidy(() => network.logits(tensor(Float32Array.from(channelsLast(image).data), channelsLast(image).shape as Tensor5D['shape'])).dataSync<'float32'>());

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
  // the machine keeps its scratch memory
  const warm = made(specs.at(-1)![1]);
  logitsOf(warm, images(warm.spec)[0]!);
  warm.dispose();
});
afterAll(() => handle.dispose());

describe.each(specs)('%s', (_, spec) => {
  it('folded gives the same output to 1e-4, as a network that leaves nothing behind', () => {
    const before = [handle.backend.machine.heap.blocks, handle.backend.numDataIds()];
    const network = made(spec);
    const folded = foldNetwork(network);
    for (const image of images(spec)) expect(relativeError(logitsOf(folded, image), logitsOf(network, image))).toBeLessThan(1e-4);
    expect([...folded.variables.keys()].filter((name) => name.includes('.sc.'))).toEqual([]);
    folded.dispose();
    network.dispose();
    expect([handle.backend.machine.heap.blocks, handle.backend.numDataIds()]).toEqual(before);
  });
});

const runtime = onnxRuntime();
describe.skipIf(!runtime)('onnxruntime agrees to 1e-4', () => {
  it.each(specs)('%s, at any size', async (_, spec) => {
    const network = made(spec);
    const session = await runtime!.InferenceSession.create(exportOnnx(network, '0'));
    for (const image of images(spec)) {
      const { logits } = await session.run({ image: new runtime!.Tensor('float32', Float32Array.from(image.data), image.shape) });
      expect(relativeError(channelsLast({ shape: logits!.dims, data: Float64Array.from(logits!.data) }).data, logitsOf(network, image))).toBeLessThan(1e-4);
    }
    await session.release();
    network.dispose();
  });
});
