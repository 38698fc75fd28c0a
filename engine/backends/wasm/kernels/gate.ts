/** @file Gate and its gradient. */
import { dimension } from '../../../math/so3/irreps';
import type { KernelFactory } from './kernel';
import { gatePasses } from './gate/gate-passes';

export const gate: KernelFactory<'Gate' | 'GateBackward'> = (backend) => {
  const passes = gatePasses(backend);
  const voxelsOf = (shape: readonly number[]): number => shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return {
    Gate: ({ x }, { irreps }) => {
      const y = backend.output([...x.shape.slice(0, -1), dimension(irreps)]);
      passes.forward(irreps, { x: x.pointer, y: y.pointer, voxels: voxelsOf(x.shape) });
      return [y.info];
    },
    GateBackward: ({ dy, x }, { irreps }) => {
      const dx = backend.output(x.shape);
      passes.backward(irreps, { x: x.pointer, dy: dy.pointer, dx: dx.pointer, voxels: voxelsOf(x.shape) });
      return [dx.info];
    },
  };
};
