import { axisTaps, type AxisMethod } from '../../engine/math/axis-map';
import { describeKernel, randomArray } from './describe-kernel';

/** Sizes as [batch, z, y, x, channel], amounts along x, y, z. */
const settings: readonly [AxisMethod, shape: number[], amount: [number, number, number]][] = [
  ['linear', [1, 1, 1, 1, 1], [2, 2, 2]],
  ['linear', [1, 2, 3, 1, 3], [2, 2, 2]],
  ['linear', [2, 3, 4, 5, 7], [3, 2, 1]],
  ['linear', [1, 7, 5, 11, 30], [2, 2, 2]],
  ['linear', [1, 8, 8, 8, 16], [1, 4, 2]],
  ['average', [2, 4, 6, 10, 5], [2, 3, 1]],
  ['average', [1, 12, 8, 20, 17], [2, 2, 4]],
  ['low-pass', [1, 9, 5, 17, 6], [2, 2, 2]],
  ['low-pass', [2, 7, 4, 10, 3], [3, 1, 2]],
  ['low-pass-up', [1, 5, 3, 7, 9], [2, 2, 2]],
  ['low-pass-up', [1, 3, 4, 1, 2], [3, 1, 2]],
  ['pad', [1, 5, 6, 7, 1], [1, 2, 3]],
  ['crop', [1, 5, 6, 7, 3], [1, 0, 3]],
];
const cases = settings.map(([method, [batch, depth, height, width, channels], amount]) => {
  const size = [width, height, depth] as const;
  const [toWidth, toHeight, toDepth] = size.map((voxels, axis) => axisTaps(method, amount[axis], voxels).length);
  return { label: `${method} by ${amount.join(' x ')} on ${[batch, depth, height, width, channels].join(' x ')}`, attributes: { method, amount, size }, x: [batch, depth, height, width, channels], dy: [batch, toDepth, toHeight, toWidth, channels] };
});
describeKernel('Resample', cases.map((one) => ({ ...one, inputs: { x: randomArray('x', ...one.x) } })));
describeKernel('ResampleBackward', cases.map((one) => ({ ...one, inputs: { dy: randomArray('dy', ...one.dy) } })));
