import { mul, sum, tensor, tidy, variableGrads, type Scalar, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { steerableUnetSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import type { Network } from '../../engine/model/network';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { channelsLast } from '../support/channels-last';
import { relativeError } from '../support/relative-error';
import { goldenFile } from '../support/safetensors-file';

const golden = goldenFile('unet_physical');
const asTensor = ({ shape, data }: NumberArray): Tensor5D => tensor(Float32Array.from(data), shape as Tensor5D['shape']);

describe("the steerable U-Net against e3nn_Unet's, with its weights", () => {
  let handle: BackendHandle;
  let network: Network;
  beforeAll(async () => {
    handle = await startBackend();
    network = buildNetwork(steerableUnetSpec.parse({ architecture: 'steerable-unet', outputs: 2, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e', radialFunctions: 5, cutoff: false }), 0);
    for (const [name, value] of network.variables) {
      const stored = golden.get(`so3_default/state/${name}`);
      expect([name, value.shape]).toEqual([name, stored.shape]);
      value.assign(tensor(Float32Array.from(stored.data), [...stored.shape]));
    }
  });
  afterAll(() => handle.dispose());

  it('has the variables of its state dict, no more and no fewer', () => {
    const stored = golden.names.filter((name) => name.startsWith('so3_default/state/') && golden.get(name).data.length > 0);
    expect([...network.variables.keys()].map((name) => `so3_default/state/${name}`).sort()).toEqual(stored.sort());
  });
  it.each(['so3_default', 'so3_default/extra1'])('gives the output of %s to 1e-4', (name) => {
    const logits = tidy(() => network.logits(asTensor(channelsLast(golden.get(`${name}/input`)))).dataSync());
    expect(relativeError(logits, channelsLast(golden.get(`${name}/output`)).data)).toBeLessThan(1e-4);
  });
  it('gives its gradients to 1e-4', () => {
    tidy(() => {
      const image = asTensor(channelsLast(golden.get('so3_default/input')));
      const weights = asTensor(channelsLast(golden.get('so3_default/grad_output')));
      const { grads } = variableGrads(() => sum(mul(network.logits(image), weights)) as Scalar, [...network.variables.values()]);
      const named = new Map([...network.variables].map(([name, value]) => [name, grads[value.name]]));
      const stored = golden.names.filter((name) => name.startsWith('so3_default/grad/')).map((name) => name.slice('so3_default/grad/'.length));
      expect(stored.length).toBeGreaterThan(10);
      const errors = stored.map((name) => [name, relativeError(named.get(name)!.dataSync(), golden.get(`so3_default/grad/${name}`).data)] as const);
      expect(errors.filter(([, error]) => error > 1e-4)).toEqual([]);
    });
  });
});
