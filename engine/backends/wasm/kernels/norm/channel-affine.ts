/** @file The second pass of a norm: every channel times one number, plus another. Four rows of channels are whole vectors, whatever the number of channels, so coefficients are laid out four times. */
import type { ModuleBuilder } from '../../assembler';
import { loadV128 } from '../../assembler';
import type { WasmBackend } from '../../backend';
import { itemsOfVoxels, voxelsPerItem } from '../../voxel-rows';

/** Pointers to one batch item; `dy` only where there are four rows of coefficients, and y may lie in its place. */
export interface AffineFields {
  readonly x: number;
  readonly dy?: number;
  readonly y: number;
  readonly voxels: number;
}

/** y = (x - c0) c1 + c2, or with dy (x - c0) c1 + (dy - c2) c3; c are coefficients per channel. A batch item's last vector may reach into the next, so items are written in order. */
export function channelAffine(backend: WasmBackend): (fields: AffineFields, coefficients: readonly Float64Array[]) => void {
  const kernels = backend.machine.load((m) => ({ forward: affineKernel(m, false), backward: affineKernel(m, true) }));
  return ({ x, dy, y, voxels }, coefficients) => {
    const channels = coefficients[0].length;
    const row = 4 * channels;
    backend.machine.heap.borrow(coefficients.length * row * 4, (block) => {
      const values = backend.machine.heap.floats(block, coefficients.length * row);
      coefficients.forEach((one, r) => { for (let voxel = 0; voxel < 4; voxel++) values.set(one, r * row + voxel * channels); });
      (dy === undefined ? kernels.forward : kernels.backward)({ x, dy: dy ?? 0, y, coefficients: block, voxels, channels }, itemsOfVoxels(voxels));
    });
  };
}

function affineKernel(m: ModuleBuilder, withGradient: boolean) {
  return m.kernel(withGradient ? 'backward' : 'forward', { x: 'i32', dy: 'i32', voxels: 'i32', channels: 'i32', y: 'i32', coefficients: 'i32' }, (f, p, item) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const start = f.i32(first.mul(p.channels).shl(2));
    const [x, dy, y] = [p.x, p.dy, p.y].map((pointer) => f.i32(pointer.add(start)));
    const row = f.i32(p.channels.shl(4));
    const left = f.i32(p.voxels.sub(first).min(voxelsPerItem).mul(p.channels).add(3).shr(2));
    const inRow = f.i32();
    f.times(left.add(p.channels).sub(1).div(p.channels), () => {
      f.set(inRow, left.min(p.channels));
      const rows = [0, 1, 2, 3].map((r) => f.i32(p.coefficients.add(row.mul(r))));
      f.times(inRow, () => {
        const constant = withGradient ? loadV128(dy).sub(loadV128(rows[2])).mul(loadV128(rows[3])) : loadV128(rows[2]);
        f.store(y, f.multiplyAdd(loadV128(x).sub(loadV128(rows[0])), loadV128(rows[1]), constant));
        for (const pointer of [x, dy, y, ...rows]) f.advance(pointer, 16);
      });
      f.set(left, left.sub(inRow));
    });
  });
}
