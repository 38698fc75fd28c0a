/** @file Where prediction and reference differ, as labels on the turned canvas. */
import type { RotationMatrix, Shape } from '../../engine/contract/engine-api';
import { rotateLabels } from '../../engine/math/resample';

export const disagreement = { missed: 1, extra: 2 } as const;

/** @param reference labels of the upright head, on a canvas of the same shape */
export function disagreementLabels({ labels, shape, rotation }: { labels: Uint8Array; shape: Shape; rotation: RotationMatrix }, reference: Uint8Array, values: readonly number[]): Uint8Array {
  const turned = rotateLabels({ data: reference, shape }, rotation).data;
  const isCounted = new Uint8Array(256);
  for (const value of values) isCounted[value] = 1;
  return turned.map((label, at) => (isCounted[label] && !isCounted[labels[at]] ? disagreement.missed : isCounted[labels[at]] && !isCounted[label] ? disagreement.extra : 0));
}
