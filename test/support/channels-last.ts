/** @file Between e3nn's layout [batch, channel, x, y, z] and ours [batch, z, y, x, channel]. */
import type { NumberArray } from '../../engine/ops/reference/reference';

/** Turns the order of all axes but the batch around: its own inverse. */
export function channelsLast({ shape: [b, c, x, y, z], data }: NumberArray): NumberArray {
  const turned = new Float64Array(data.length);
  const n = [c, x, y, z];
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    const at = [3, 2, 1, 0].map((axis) => {
      const index = rest % n[axis];
      rest = Math.floor(rest / n[axis]);
      return index;
    });
    // at = [z, y, x, c]; rest = batch
    turned[(((rest * z + at[0]) * y + at[1]) * x + at[2]) * c + at[3]] = data[i];
  }
  return { shape: [b, z, y, x, c], data: turned };
}
