import { mul, sum, tensor, tidy, variableGrads, type Scalar, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { buildNetwork } from '../../engine/model/build-network';
import { stateOf, type Network } from '../../engine/model/network';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { channelsLast } from '../support/channels-last';
import { legacySpecOf, legacyWeightFactor, specOf, type NetworkCase } from '../support/e3nn-networks';
import { relativeError } from '../support/relative-error';
import { fixtureFile, goldenFile } from '../support/safetensors-file';

const asTensor = ({ shape, data }: NumberArray): Tensor5D => tensor(Float32Array.from(data), shape as Tensor5D['shape']);
const golden = goldenFile('unet_physical');
const legacy = fixtureFile('unet_legacy');
/** What a state dict holds besides variables and running statistics: buffers that follow from the options. */
const isBuffer = (name: string): boolean => /\.(lattice|emb|sh|kernel|output_mask|num_batches_tracked)$|\.(tp|mul|gate\d|sc\.bias|down_op)\.|_compiled_main/.test(name) || !/(weight|bias|running_mean|running_var)$/.test(name);

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
});
afterAll(() => handle.dispose());

describe.each(([
  ['golden', golden, Object.keys(golden.cases)],
  // the full fixtures, but for the networks that are in the repository
  ['fixtures', fixtureFile('unet_physical'), Object.keys(fixtureFile('unet_physical')?.cases ?? {}).filter((name) => !(name in golden.cases))],
  // of the legacy networks those that turn with their input, in SO(3)
  ['legacy fixtures', legacy, legacy ? ['so3_default_lowpass'] : []],
] as const).filter(([, , names]) => names.length > 0))("networks against e3nn_Unet's, with its weights: %s", (kind, file, names) => {
  describe.each(names)('%s', (name) => {
    const one = file!.cases[name] as unknown as NetworkCase;
    const isLegacy = kind === 'legacy fixtures';
    const spec = isLegacy ? legacySpecOf(one) : specOf(one);
    const factorOf = (variable: string): number => (isLegacy && /conv\d\.weight$/.test(variable) ? legacyWeightFactor(one.options.kernel_size ?? 5) : 1);
    let network: Network;
    beforeEach(() => {
      network = buildNetwork(spec, 0);
      for (const [key, value] of stateOf(network)) {
        const stored = file!.get(`${name}/state/${key}`);
        expect([key, value.shape]).toEqual([key, stored.shape]);
        value.assign(tensor(Float32Array.from(stored.data, (weight) => weight * factorOf(key)), [...stored.shape]));
      }
    });
    afterEach(() => network.dispose());

    it('has the variables of its state dict, no more and no fewer', () => {
      const stored = file!.names.filter((key) => key.startsWith(`${name}/state/`) && !isBuffer(key) && file!.get(key).data.length > 0);
      expect([...stateOf(network).keys()].map((key) => `${name}/state/${key}`).sort()).toEqual(stored.sort());
    });
    it.each(['', '/extra0', '/extra1'].filter((extra) => file!.has(`${name}${extra}/input`)))('gives its output to 1e-4 %s', (extra) => {
      const logits = tidy(() => network.logits(asTensor(channelsLast(file!.get(`${name}${extra}/input`)))).dataSync());
      expect(relativeError(logits, channelsLast(file!.get(`${name}${extra}/output`)).data)).toBeLessThan(1e-4);
    });
    /** Gradients that are off, for the image with its voxels scaled by up to so much. */
    const wrongGradients = (scaled: number): (readonly [string, number])[] => {
      let wrong: (readonly [string, number])[] = [];
      tidy(() => {
        const { shape, data } = channelsLast(file!.get(`${name}/input`));
        const image = asTensor({ shape, data: data.map((value, i) => value * (1 + scaled * Math.sin(i * i))) });
        const weights = asTensor(channelsLast(file!.get(`${name}/grad_output`)));
        const { grads } = variableGrads(() => sum(mul(network.logits(image), weights)) as Scalar, [...network.variables.values()]);
        const named = new Map([...network.variables].map(([key, value]) => [key, grads[value.name]]));
        const stored = file!.names.filter((key) => key.startsWith(`${name}/grad/`) && file!.get(key).data.length > 0).map((key) => key.slice(`${name}/grad/`.length));
        expect(stored.length).toBeGreaterThan(5);
        const errors = stored.map((key) => [key, relativeError(Array.from(named.get(key)!.dataSync(), (value) => value * factorOf(key)), file!.get(`${name}/grad/${key}`).data)] as const);
        wrong = errors.filter(([, error]) => error > 1e-4);
      });
      return wrong;
    };
    it('gives its gradients to 1e-4', () => {
      // a relu of so3_default reads 2e-7 and gives another gradient on the other side of 0: the same image to the rounding of float32 may fall on either
      const wrong = wrongGradients(0);
      expect(wrong.length === 0 ? wrong : wrongGradients(1e-7)).toEqual([]);
    });
  });
});
