/** @file The smooth finite radial basis: how far along its radius a kernel looks. */
import { badInput } from '../../contract/problem';

/** At which ends of the support radius the functions vanish: both, neither, only at zero (`left`), only at the radius (`right`). As in e3nn_Unet's `soft_one_hot_linspace`. */
export type Cutoff = boolean | 'left' | 'right';

/**
 * b_k(r) = 1.14136 exp(2) step(1 + t) step(1 - t), step(u) = exp(-1/u) for u > 0, t = (r - c_k) / h; the centres c_k lie h apart.
 * Without cut-off the last function is centred on the support radius and reaches h beyond it.
 * Source: e3nn `soft_one_hot_linspace(basis='smooth_finite')`, with the four cut-offs of e3nn_Unet.
 * @param radius Same unit as the support radius.
 * @returns One value per function.
 * @throws GyraError for one function without cut-off: its centres would have no distance.
 */
export function radialBasis(radius: number, supportRadius: number, functions: number, cutoff: Cutoff): number[] {
  if (cutoff === false && functions === 1) throw badInput('One radial function needs a cut-off.', 'Use two or more radial functions, or turn the cut-off on.');
  const vanishesAtZero = cutoff === true || cutoff === 'left';
  const vanishesAtRadius = cutoff === true || cutoff === 'right';
  const first = vanishesAtZero ? 1 : 0;
  const width = supportRadius / (functions - 1 + first + (vanishesAtRadius ? 1 : 0));
  return Array.from({ length: functions }, (_, k) => {
    const t = radius / width - (k + first);
    return 1.14136 * Math.exp(2) * softUnitStep(1 + t) * softUnitStep(1 - t);
  });
}

/** exp(-1/u) for u > 0, else 0: infinitely smooth. */
export const softUnitStep = (u: number): number => (u > 0 ? Math.exp(-1 / u) : 0);
