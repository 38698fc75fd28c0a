/**
 * @file Linear maps of a line of voxels that are the same for every line: upsampling, averaging, filtering, padding, cropping. Applied along x, y and z in turn they
 * map a volume and treat every channel alike, so they commute with whatever turns components.
 */

/** What one axis goes through; `amount` is the factor of a resampling, the voxels of a padding. */
export type AxisMethod =
  /** Up by a factor, corners aligned: output o of N reads position o (n - 1) / (N - 1); a single voxel is repeated. Source: PyTorch `Upsample(mode='trilinear', align_corners=True)`. */
  | 'linear'
  /** Down by a factor: the mean of as many voxels. */
  | 'average'
  /** Down by a factor: a Gaussian of standard deviation sqrt(factor^2 - 1) / 2 about every factor-th voxel, the first one first. Source: e3nn `LowPassFilter`. */
  | 'low-pass'
  /** Up by a factor: its transpose times the factor. */
  | 'low-pass-up'
  /** Zeros in front. */
  | 'pad'
  /** Its transpose. */
  | 'crop';

/** A voxel of the input and its weight. */
export type Tap = readonly [index: number, weight: number];

/** The taps of every output voxel of a line of `size` voxels. */
export function axisTaps(method: AxisMethod, amount: number, size: number): Tap[][] {
  const line = (length: number, taps: (output: number) => Tap[]): Tap[][] => Array.from({ length }, (_, output) => taps(output));
  switch (method) {
    case 'linear':
      return line(size * amount, (output) => linearTaps(output, size, size * amount));
    case 'average':
      return line(Math.floor(size / amount), (output) => Array.from({ length: amount }, (_, i) => [output * amount + i, 1 / amount]));
    case 'low-pass':
      return line(Math.floor((size - 1) / amount) + 1, (output) => gaussian(amount).map(([offset, weight]): Tap => [output * amount + offset, weight]).filter(([index]) => index >= 0 && index < size));
    case 'low-pass-up':
      return transposed(axisTaps('low-pass', amount, (size - 1) * amount + 1), (size - 1) * amount + 1).map((taps) => taps.map(([index, weight]) => [index, weight * amount]));
    case 'pad':
      return line(size + amount, (output) => (output < amount ? [] : [[output - amount, 1]]));
    case 'crop':
      return line(size - amount, (output) => [[output + amount, 1]]);
  }
}

/** The same map the other way: for each of `size` inputs the outputs it went to. */
export function transposed(taps: readonly (readonly Tap[])[], size: number): Tap[][] {
  const back = Array.from({ length: size }, (): Tap[] => []);
  taps.forEach((line, output) => line.forEach(([index, weight]) => back[index]!.push([output, weight])));
  return back;
}

/** Weights fall linearly to 0 at distance 1; in whole numbers, so that they are exact where voxels meet. */
function linearTaps(output: number, size: number, length: number): Tap[] {
  if (size === 1 || size === length) return [[size === 1 ? 0 : output, 1]];
  const position = output * (size - 1);
  const first = Math.floor(position / (length - 1));
  const beyond = (position - first * (length - 1)) / (length - 1);
  return beyond === 0 ? [[first, 1]] : [[first, 1 - beyond], [first + 1, beyond]];
}

/** Offsets and weights of the filter before every factor-th voxel is taken, with sum 1. */
export function gaussian(factor: number): Tap[] {
  const sigma = Math.sqrt(factor ** 2 - 1) / 2;
  const size = Math.floor(1 + 5 * sigma);
  const reach = (size - (size % 2 === 0 ? 0 : 1)) / 2;
  const heights = Array.from({ length: 2 * reach + 1 }, (_, i) => (sigma === 0 ? 1 : Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2))));
  const sum = heights.reduce((total, height) => total + height, 0);
  return heights.map((height, i) => [i - reach, height / sum]);
}
