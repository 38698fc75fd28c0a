/** @file ArgMaxChannels in plain loops. */
import { zeros } from './reference';
import type { Reference } from './reference';

export const argMaxChannels: Reference<'ArgMaxChannels'> = ({ x }) => {
  const channels = x.shape[4];
  const labels = zeros(x.shape.slice(0, 4));
  for (let v = 0; v < labels.data.length; v++) for (let c = 1; c < channels; c++) {
    if (x.data[v * channels + c] > x.data[v * channels + labels.data[v]]) labels.data[v] = c;
  }
  return { labels };
};
