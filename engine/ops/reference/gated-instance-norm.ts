/** @file GatedInstanceNorm as what it stands for: the norm, then the gate. */
import { gateInputIrreps } from '../../math/so3/gate-irreps';
import { gate, gateBackward } from './gate';
import { instanceNorm, instanceNormBackward } from './instance-norm';
import type { Reference } from './reference';

export const gatedInstanceNorm: Reference<'GatedInstanceNorm'> = ({ x, weight, bias }, { irreps, ...norm }) => gate({ x: instanceNorm({ x, weight, bias }, { irreps: gateInputIrreps(irreps), ...norm }).y }, { irreps });

export const gatedInstanceNormBackward: Reference<'GatedInstanceNormBackward'> = ({ dy, x, weight, bias }, { irreps, ...norm }) => {
  const attributes = { irreps: gateInputIrreps(irreps), ...norm };
  const { dx } = gateBackward({ dy, x: instanceNorm({ x, weight, bias }, attributes).y }, { irreps });
  return instanceNormBackward({ dy: dx, x, weight }, attributes);
};
