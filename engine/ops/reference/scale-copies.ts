/** @file ScaleCopies in plain loops. */
import { copiesOf, scalarCopies } from '../../math/so3/irreps';
import type { Irreps } from '../../math/so3/irreps';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const scaleCopies: Reference<'ScaleCopies'> = ({ x, scale, shift }, { irreps }) => {
  const y = zeros(x.shape);
  forEachElement(x, irreps, (at, factor, scalar) => { y.data[at] = x.data[at] * scale.data[factor] + (scalar === undefined ? 0 : shift.data[scalar]); });
  return { y };
};

export const scaleCopiesBackward: Reference<'ScaleCopiesBackward'> = ({ dy, x }, { irreps }) => {
  const [dscale, dshift] = [zeros([x.shape[0], copiesOf(irreps).length]), zeros([scalarCopies(irreps)])];
  forEachElement(x, irreps, (at, factor, scalar) => {
    dscale.data[factor] += dy.data[at] * x.data[at];
    if (scalar !== undefined) dshift.data[scalar] += dy.data[at];
  });
  return { dscale, dshift };
};

/** Visits each element with the index of its copy's factor and, of even scalars, the number of its shift. */
function forEachElement({ shape: [batch, depth, height, width, channels] }: NumberArray, irreps: Irreps, visit: (at: number, factor: number, scalar: number | undefined) => void): void {
  const all = copiesOf(irreps);
  const voxels = depth * height * width;
  for (let item = 0; item < batch; item++) for (let v = 0; v < voxels; v++) {
    let scalars = 0;
    all.forEach(({ start, degree, parity }, copy) => {
      const scalar = degree === 0 && parity === 1 ? scalars++ : undefined;
      for (let k = 0; k <= 2 * degree; k++) visit((item * voxels + v) * channels + start + k, item * all.length + copy, scalar);
    });
  }
}
