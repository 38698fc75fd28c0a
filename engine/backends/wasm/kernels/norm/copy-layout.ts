/** @file The copies of a feature map by their channels, as norms see them. */
import { copiesOf, dimension, type Irreps } from '../../../../math/so3/irreps';
import type { HeapTensor } from '../../backend';

export interface ChannelCopy {
  readonly start: number;
  readonly size: number;
  readonly copy: number;
  /** Number among the even scalars, which lose their mean and have a bias. */
  readonly scalar: number | undefined;
}
export interface CopyLayout {
  /** Of one batch item. */
  readonly voxels: number;
  readonly channels: number;
  /** Which channels are even scalars. */
  readonly centred: readonly boolean[];
  readonly channelCopies: readonly ChannelCopy[];
}

/** Channels over several group elements are as many times the voxels. */
export function copyLayout(x: HeapTensor, irreps: Irreps): CopyLayout {
  const channels = dimension(irreps);
  let scalars = 0;
  const channelCopies = copiesOf(irreps).map(({ start, degree, parity }, copy) => ({ start, size: 2 * degree + 1, copy, scalar: degree === 0 && parity === 1 ? scalars++ : undefined }));
  const centred = channelCopies.flatMap(({ size, scalar }) => Array.from({ length: size }, () => scalar !== undefined));
  return { voxels: x.size / (x.shape[0] * channels), channels, centred, channelCopies };
}

/** Visits each batch item's offset in bytes. */
export function forEachBatchItem(x: HeapTensor, visit: (offset: number, item: number) => void): void {
  for (let item = 0; item < x.shape[0]; item++) visit((item * x.size * 4) / x.shape[0], item);
}
