/** @file Intensities on one scale: MR has no units, so each case is its own reference. */

/** (value - mean) / standard deviation over all voxels of the upright case; sums in float64. Constant input is refused when it is read. */
export function zScore(data: Float32Array): Float32Array {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / data.length);
  return data.map((value) => (value - mean) / deviation);
}
