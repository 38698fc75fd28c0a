import { dimension, parseIrreps } from '../../engine/math/so3/irreps';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { describeKernel, randomArray, runOnce } from './describe-kernel';

const cases = [
  { irreps: '1x0e', volume: [1, 2, 2, 2] },
  { irreps: '3x1e', volume: [1, 4, 2, 6] },
  { irreps: '4x0e+2x1e+1x2e', volume: [1, 6, 10, 14] },
  { irreps: '8x0e+4x1e+2x2e', volume: [2, 10, 6, 4] },
  { irreps: '2x2e+5x0e+1x1e', volume: [2, 2, 4, 10] },
  { irreps: '30x0e', volume: [1, 16, 12, 8] },
  { irreps: '2x0e+3x0o+2x1o+1x2e', volume: [1, 4, 6, 6] },
  { irreps: '5x0e+1x1e+2x0o', volume: [2, 3, 4, 12], extent: [3, 2, 1] as const },
  { irreps: '4x0e+1x3o', volume: [1, 4, 5, 6], extent: [1, 1, 4] as const },
  { irreps: '4x0e+2x1e+1x2e', volume: [1, 6, 10, 14], tie: 0 },
].map(({ irreps, volume, extent = [2, 2, 2] as const, tie }) => ({ label: `${irreps} on ${volume.join(' x ')} by ${extent.join(' x ')}${tie === undefined ? '' : ', norms deciding alone'}`, volume, attributes: { irreps: parseIrreps(irreps), extent, tie } }));

/** A few values only, so that there are ties. */
const coarse = (shape: number[]) => {
  const array = randomArray('x', ...shape);
  return { ...array, data: array.data.map((value) => Math.round(value * 3)) };
};
const input = ({ volume, attributes }: (typeof cases)[number]) => coarse([...volume, dimension(attributes.irreps)]);
describe('norms that nearly tie', () => {
  it('are one unless the largest is to decide alone', async () => {
    const handle = await startBackend({ threads: 1 });
    const x = { shape: [1, 1, 1, 2, 3], data: Float64Array.of(1, 0, 0, 0, 1.000001, 0) };
    const pooled = (tie?: number) => Array.from(runOnce('MaxPool', { inputs: { x }, attributes: { irreps: parseIrreps('1x1e'), extent: [2, 1, 1], tie } }).arrays[0]!);
    expect(pooled()).toEqual([0.5, Math.fround(1.000001) / 2, 0]);
    expect(pooled(0)).toEqual([0, Math.fround(1.000001), 0]);
    await handle.dispose();
  });
});
describeKernel('MaxPool', cases.map((one) => ({ ...one, inputs: { x: input(one) } })));
describeKernel(
  'MaxPoolBackward',
  cases.map((one) => {
    const [batch, depth, height, width] = one.volume;
    const [x, y, z] = one.attributes.extent;
    return { ...one, inputs: { dy: randomArray('dy', batch, depth / z, height / y, width / x, dimension(one.attributes.irreps)), x: input(one) } };
  }),
);
