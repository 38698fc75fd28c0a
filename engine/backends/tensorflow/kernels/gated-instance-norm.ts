/** @file GatedInstanceNorm: the norm, then the gate. */
import { gateInputIrreps } from '../../../math/so3/gate-irreps';
import { gate } from './gate';
import { instanceNorm } from './instance-norm';
import type { KernelFactory } from './kernel';

export const gatedInstanceNorm: KernelFactory<'GatedInstanceNorm' | 'GatedInstanceNormBackward'> = (constant) => {
  const { Gate, GateBackward } = gate(constant);
  const { InstanceNorm, InstanceNormBackward } = instanceNorm(constant);
  return {
    GatedInstanceNorm: (inputs, { irreps, ...norm }) => Gate({ x: InstanceNorm(inputs, { irreps: gateInputIrreps(irreps), ...norm })[0]! }, { irreps }),
    GatedInstanceNormBackward: ({ dy, x, weight, bias }, { irreps, ...norm }) => {
      const attributes = { irreps: gateInputIrreps(irreps), ...norm };
      const [dnormed] = GateBackward({ dy, x: InstanceNorm({ x, weight, bias }, attributes)[0]! }, { irreps });
      return InstanceNormBackward({ dy: dnormed!, x, weight }, attributes);
    },
  };
};
