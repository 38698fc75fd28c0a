/** @file Gate in plain loops. */
import { gateLayout, gateScale } from '../../math/so3/gate-irreps';
import { dimension } from '../../math/so3/irreps';
import { zeros } from './reference';
import type { Reference } from './reference';

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

export const gate: Reference<'Gate'> = ({ x }, { irreps }) => {
  const { irrepsIn, scalars, firstGate, gated } = gateLayout(irreps);
  const [channels, channelsIn] = [dimension(irreps), dimension(irrepsIn)];
  const y = zeros([...x.shape.slice(0, 4), channels]);
  for (let at = 0, out = 0; out < y.data.length; at += channelsIn, out += channels) {
    for (const { from, to, count, odd } of scalars) for (let c = 0; c < count; c++) {
      const value = x.data[at + from + c];
      y.data[out + to + c] = odd ? gateScale.tanh * Math.tanh(value) : gateScale.relu * Math.max(value, 0);
    }
    gated.forEach(({ from, to, size }, n) => {
      for (let c = 0; c < size; c++) y.data[out + to + c] = gateScale.sigmoid * sigmoid(x.data[at + firstGate + n]) * x.data[at + from + c];
    });
  }
  return { y };
};

export const gateBackward: Reference<'GateBackward'> = ({ dy, x }, { irreps }) => {
  const { irrepsIn, scalars, firstGate, gated } = gateLayout(irreps);
  const [channels, channelsIn] = [dimension(irreps), dimension(irrepsIn)];
  const dx = zeros(x.shape);
  for (let at = 0, out = 0; out < dy.data.length; at += channelsIn, out += channels) {
    for (const { from, to, count, odd } of scalars) for (let c = 0; c < count; c++) {
      const value = x.data[at + from + c];
      dx.data[at + from + c] = dy.data[out + to + c] * (odd ? gateScale.tanh * (1 - Math.tanh(value) ** 2) : value > 0 ? gateScale.relu : 0);
    }
    gated.forEach(({ from, to, size }, n) => {
      const open = sigmoid(x.data[at + firstGate + n]);
      for (let c = 0; c < size; c++) {
        dx.data[at + from + c] = gateScale.sigmoid * open * dy.data[out + to + c];
        dx.data[at + firstGate + n] += gateScale.sigmoid * open * (1 - open) * x.data[at + from + c] * dy.data[out + to + c];
      }
    });
  }
  return { dx };
};
