import { describe, expect, it } from 'vitest';
import { modelSpec } from '../../engine/contract/model-spec';
import { planVariables } from '../../engine/model/build-network';
import { parameterCount } from '../../engine/model/cost';
import { goldenFile } from '../support/safetensors-file';

const steerable = { architecture: 'steerable-unet', outputs: 2, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e', radialFunctions: 5 };
const sizes = (planned: ReturnType<typeof planVariables>): number => planned.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);

describe('parameters', () => {
  it("are as many as in e3nn_Unet's state dict", () => {
    const golden = goldenFile('unet_physical');
    const stored = golden.names.filter((name) => name.startsWith('so3_default/state/')).reduce((sum, name) => sum + golden.get(name).data.length, 0);
    expect(parameterCount(modelSpec.parse({ ...steerable, cutoff: false })).stored).toBe(stored);
  });
  it('of the first of five radial functions are dead with cut-off: it meets no tap of a 5^3 lattice', () => {
    const spec = modelSpec.parse(steerable);
    const radial = sizes(planVariables(spec).filter(({ name }) => /conv\d\.weight$/.test(name)));
    const { stored, live } = parameterCount(spec);
    expect(stored - live).toBe(radial / 5);
  });
  it('of the first function are dead without cut-off but for harmonics of degree 0, as many as the self-connection has: it meets the centre only', () => {
    const spec = modelSpec.parse({ ...steerable, cutoff: false });
    const of = (name: RegExp) => sizes(planVariables(spec).filter((variable) => name.test(variable.name)));
    const { stored, live } = parameterCount(spec);
    expect(stored - live).toBe(of(/conv\d\.weight$/) / 5 - of(/sc\.weight$/));
  });
  it('of an ordinary network follow from its channels', () => {
    const spec = modelSpec.parse({ architecture: 'unet', inputs: 1, outputs: 3, poolings: 1, kernelSize: 3, features: 4 });
    const convolutions = 27 * (1 * 4 + 4 * 4 + 4 * 8 + 8 * 8 + 12 * 4 + 4 * 4);
    const norms = 2 * (2 * 4 + 2 * 8 + 2 * 4);
    expect(parameterCount(spec)).toEqual({ stored: convolutions + norms + 4 * 3 + 3, live: convolutions + norms + 4 * 3 + 3 });
  });
});
