import { zeros, type NumberArray, type Reference } from '../../engine/ops/reference/reference';
import { describeKernel, randomArray } from './describe-kernel';

/** Visits each fine value, each coarse value it reads and the weight between them. */
function forEachPair([batch, ...sizes]: readonly number[], channels: number, visit: (fine: number, coarse: number, weight: number) => void): void {
  const taps = sizes.map((n) =>
    Array.from({ length: 2 * n }, (_, o) => {
      const position = (o * (n - 1)) / (2 * n - 1);
      const first = Math.floor(position);
      return [[first, 1 - position + first] as const, [Math.min(first + 1, n - 1), position - first] as const];
    }),
  );
  const [depth, height, width] = sizes;
  for (let b = 0; b < batch; b++)
    taps[0].forEach((tapsZ, z) =>
      taps[1].forEach((tapsY, y) =>
        taps[2].forEach((tapsX, x) => {
          const fine = ((b * 2 * depth + z) * 2 * height + y) * 2 * width + x;
          for (const [iz, wz] of tapsZ)
            for (const [iy, wy] of tapsY)
              for (const [ix, wx] of tapsX) for (let c = 0; c < channels; c++) visit(fine * channels + c, (((b * depth + iz) * height + iy) * width + ix) * channels + c, wz * wy * wx);
        }),
      ),
    );
}
const scaled = ({ shape: [batch, z, y, x, channels] }: NumberArray, factor: number) => zeros([batch, z * factor, y * factor, x * factor, channels]);
const upsample: Reference<'UpsampleTrilinear'> = ({ x }) => {
  const y = scaled(x, 2);
  forEachPair(x.shape.slice(0, 4), x.shape[4], (fine, coarse, weight) => (y.data[fine] += weight * x.data[coarse]));
  return { y };
};
const upsampleBackward: Reference<'UpsampleTrilinearBackward'> = ({ dy }) => {
  const dx = scaled(dy, 0.5);
  forEachPair(dx.shape.slice(0, 4), dx.shape[4], (fine, coarse, weight) => (dx.data[coarse] += weight * dy.data[fine]));
  return { dx };
};

const shapes = [
  [1, 1, 1, 1, 1],
  [1, 1, 2, 3, 5],
  [1, 2, 3, 1, 3],
  [2, 3, 4, 5, 7],
  [1, 7, 5, 11, 30],
  [1, 8, 8, 8, 16],
];
describeKernel('UpsampleTrilinear', upsample, shapes.map((shape) => ({ label: shape.join(' x '), inputs: { x: randomArray('x', ...shape) }, attributes: {} })));
describeKernel(
  'UpsampleTrilinearBackward',
  upsampleBackward,
  shapes.map(([b, z, y, x, c]) => ({ label: `to ${[b, z, y, x, c].join(' x ')}`, inputs: { dy: randomArray('dy', b, 2 * z, 2 * y, 2 * x, c) }, attributes: {} })),
);
