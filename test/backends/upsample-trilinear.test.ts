import { describeKernel, randomArray } from './describe-kernel';

const shapes = [
  [1, 1, 1, 1, 1],
  [1, 1, 2, 3, 5],
  [1, 2, 3, 1, 3],
  [2, 3, 4, 5, 7],
  [1, 7, 5, 11, 30],
  [1, 8, 8, 8, 16],
];
describeKernel('UpsampleTrilinear', shapes.map((shape) => ({ label: shape.join(' x '), inputs: { x: randomArray('x', ...shape) }, attributes: {} })));
describeKernel(
  'UpsampleTrilinearBackward',
  shapes.map(([b, z, y, x, c]) => ({ label: `to ${[b, z, y, x, c].join(' x ')}`, inputs: { dy: randomArray('dy', b, 2 * z, 2 * y, 2 * x, c) }, attributes: {} })),
);
