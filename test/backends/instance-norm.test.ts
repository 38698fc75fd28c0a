import { copies, dimension, parseIrreps, scalarCopies } from '../../engine/math/so3/irreps';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { irreps: '1x0e', volume: [1, 1, 1, 1] },
  { irreps: '3x0e', volume: [1, 1, 1, 7] },
  { irreps: '2x1e', volume: [1, 2, 3, 5] },
  { irreps: '4x0e+2x1e+1x2e', volume: [1, 5, 7, 11] },
  { irreps: '14x0e+4x1e+2x2e', volume: [2, 11, 13, 17] },
  { irreps: '2x0o+1x0e+1x1o', volume: [1, 9, 11, 13] },
  { irreps: '30x0e', volume: [1, 16, 16, 17] },
  { irreps: '2x1e', volume: [1, 2, 3, 5], by: 'mean-norm' as const },
  { irreps: '2x0o+3x0e+2x1o+1x2e', volume: [2, 11, 13, 9], by: 'mean-norm' as const },
  { irreps: '5x0e', volume: [2, 5, 3, 7], elements: 4 },
].map(({ irreps, volume, by, elements = 1 }) => ({ label: `${irreps} on ${volume.join(' x ')}${by ? ' by mean norm' : ''}${elements > 1 ? ` over ${elements} group elements` : ''}`, volume, attributes: { irreps: parseIrreps(irreps), epsilon: 1e-5, by, elements } }));
const channels = ({ irreps, elements }: (typeof cases)[number]['attributes']): number => elements * dimension(irreps);
const parameters = ({ irreps }: (typeof cases)[number]['attributes']) => ({ weight: randomArray('weight', copies(irreps)), bias: randomArray('bias', scalarCopies(irreps)) });

/** Far from 0 and with little spread, where the variance would cancel. */
const offset = (shape: number[]) => {
  const array = randomArray('x', ...shape);
  return { ...array, data: array.data.map((value, n) => Math.fround(value + 10 * (n % shape[4] % 8))) };
};
describeKernel('InstanceNorm', cases.map(({ label, volume, attributes }) => ({ label, attributes, inputs: { x: offset([...volume, channels(attributes)]), ...parameters(attributes) } })));
/** What a shift near the mean is made from, the first voxels, unlike the others; and a last work item of seven voxels. */
const leap = (shape: number[], voxels: number) => {
  const array = randomArray('x', ...shape);
  return { ...array, data: array.data.map((value, n) => Math.fround(value + (n < voxels * shape[4] ? 0 : 1000))) };
};
const alone = { irreps: parseIrreps('8x0e') };
describeKernel('NormStatistics', [
  ...cases.filter(({ attributes }) => attributes.elements === 1).map(({ label, volume, attributes }) => ({ label, attributes, inputs: { x: offset([...volume, dimension(attributes.irreps)]) } })),
  ...[0, 8, 64, 100, 1024].map((voxels) => ({ label: `${voxels} voxels far from the others`, attributes: alone, inputs: { x: leap([1, 1, 1, 1031, 8], voxels) } })),
]);
describeKernel(
  'InstanceNormBackward',
  cases.map(({ label, volume, attributes }) => {
    const shape = [...volume, channels(attributes)];
    return { label, attributes, inputs: { dy: randomArray('dy', ...shape), x: offset(shape), weight: parameters(attributes).weight } };
  }),
);
