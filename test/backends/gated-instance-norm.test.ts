import { describe, expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { gateInputIrreps } from '../../engine/math/so3/gate-irreps';
import { copies, dimension, parseIrreps, scalarCopies } from '../../engine/math/so3/irreps';
import { describeKernel, randomArray, runOnce } from './describe-kernel';

const cases = [
  { irreps: '1x0e', volume: [1, 1, 1, 7] },
  { irreps: '1x2e', volume: [1, 1, 2, 5] },
  { irreps: '3x1e', volume: [1, 3, 2, 5] },
  { irreps: '4x0e+2x1e+1x2e', volume: [1, 13, 11, 9] },
  { irreps: '8x0e+4x1e+2x2e', volume: [2, 11, 13, 17] },
  { irreps: '5x0e+3x1e+7x2e', volume: [1, 5, 16, 17] },
  { irreps: '3x0o', volume: [1, 2, 3, 5] },
  { irreps: '4x0e+3x0o+2x1e+1x2e+2x1o+1x2o', volume: [2, 5, 7, 9] },
  { irreps: '3x0o+5x0e+1x3o+1x1e+1x3e', volume: [1, 7, 11, 15] },
  { irreps: '3x1e', volume: [1, 3, 2, 5], by: 'mean-norm' as const },
  { irreps: '4x0e+3x0o+2x1e+1x2e+2x1o+1x2o', volume: [2, 5, 7, 9], by: 'mean-norm' as const },
].map(({ irreps, volume, by }) => ({ label: `${irreps} on ${volume.join(' x ')}${by ? ' by mean norm' : ''}`, volume, attributes: { irreps: parseIrreps(irreps), epsilon: 1e-5, by } }));

/** Scalars far from 0 and with little spread, where the variance would cancel; weights that open and close gates. */
function inputsOf({ volume, attributes: { irreps } }: (typeof cases)[number]) {
  const normed = gateInputIrreps(irreps);
  const x = randomArray('x', ...volume, dimension(normed));
  const [weight, bias] = [randomArray('weight', copies(normed)), randomArray('bias', scalarCopies(normed))];
  return { x: { ...x, data: x.data.map((value, n) => Math.fround(value + 10 * (n % dimension(normed) % 8))) }, weight: { ...weight, data: weight.data.map((value) => Math.fround(4 * value)) }, bias };
}
describeKernel('GatedInstanceNorm', cases.map((one) => ({ ...one, inputs: inputsOf(one) })));
describeKernel('GatedInstanceNormBackward', cases.map((one) => ({ ...one, inputs: { dy: randomArray('dy', ...one.volume, dimension(one.attributes.irreps)), ...inputsOf(one) } })));

describe('norm and gate in one', () => {
  it('have the bits of one after the other', async () => {
    const handle = await startBackend({ threads: 1 });
    for (const one of cases) {
      const { x, weight, bias } = inputsOf(one);
      const { irreps, ...norm } = one.attributes;
      const { arrays: [normed] } = runOnce('InstanceNorm', { inputs: { x, weight, bias }, attributes: { irreps: gateInputIrreps(irreps), ...norm } });
      const { arrays: [expected] } = runOnce('Gate', { inputs: { x: { shape: x.shape, data: Float64Array.from(normed!) } }, attributes: { irreps } });
      const { arrays: [found] } = runOnce('GatedInstanceNorm', { inputs: { x, weight, bias }, attributes: one.attributes });
      // less 0, which has two signs
      expect(Array.from(found!, (value) => value + 0)).toEqual(Array.from(expected!, (value) => value + 0));
    }
    await handle.dispose();
  });
});
