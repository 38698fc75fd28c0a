/** @file Gate in plain loops. */
import { gateScale } from '../../math/so3/gate-irreps';
import { copies, copiesOf, dimension, scalarCopies } from '../../math/so3/irreps';
import { zeros } from './reference';
import type { Reference } from './reference';

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** The gate of the n-th copy is channel n of the input: scalars come first, then the gates. They push the gated channels back by their number. */
export const gate: Reference<'Gate'> = ({ x }, { irreps }) => {
  const [all, channels, gates] = [copiesOf(irreps), dimension(irreps), copies(irreps) - scalarCopies(irreps)];
  const y = zeros([...x.shape.slice(0, 4), channels]);
  for (let from = 0, to = 0; to < y.data.length; from += channels + gates, to += channels) {
    all.forEach(({ start, degree }, copy) => {
      if (degree === 0) y.data[to + start] = gateScale.relu * Math.max(x.data[from + start], 0);
      else for (let c = start; c <= start + 2 * degree; c++) y.data[to + c] = gateScale.sigmoid * sigmoid(x.data[from + copy]) * x.data[from + gates + c];
    });
  }
  return { y };
};

export const gateBackward: Reference<'GateBackward'> = ({ dy, x }, { irreps }) => {
  const [all, channels, gates] = [copiesOf(irreps), dimension(irreps), copies(irreps) - scalarCopies(irreps)];
  const dx = zeros(x.shape);
  for (let from = 0, to = 0; to < dy.data.length; from += channels + gates, to += channels) {
    all.forEach(({ start, degree }, copy) => {
      if (degree === 0) {
        dx.data[from + start] = x.data[from + start] > 0 ? gateScale.relu * dy.data[to + start] : 0;
        return;
      }
      const open = sigmoid(x.data[from + copy]);
      for (let c = start; c <= start + 2 * degree; c++) {
        dx.data[from + gates + c] = gateScale.sigmoid * open * dy.data[to + c];
        dx.data[from + copy] += gateScale.sigmoid * open * (1 - open) * x.data[from + gates + c] * dy.data[to + c];
      }
    });
  }
  return { dx };
};
