/** @file The depthwise convolution itself: a register tile of voxels along x, four channels at a time, sums over all taps before it is stored. The gradient with respect to the input is the same with the kernel turned around. */
import { loadV128, V128, type FunctionBuilder, type I32, type ModuleBuilder } from '../../assembler';
import { forEachPlane, locateRegion, regionFields, rowStart, tapRange, tileVoxels, vectorBytes } from './regions';

/** `weights` holds [vector, z, y, x, 4]. */
export function convolveChannelsKernel(m: ModuleBuilder, taps: number) {
  return m.kernel('convolveChannels', { x: 'i32', weights: 'i32', y: 'i32', ringBytes: 'i32', ...regionFields }, (f, p, item, scratch) => {
    const region = locateRegion(f, p, item);
    const { firstRow, rows, firstPlane, vectors, firstVector, voxelBytes } = region;
    const totals = Array.from({ length: tileVoxels }, () => f.v128());
    const [inputs, weights, row, lastRow, slot] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];

    /** Sums of one tile whose first input, at tap 0, is in the ring at `column` bytes of the item's row. */
    const sumTaps = (plane: I32, y: I32, column: I32, vector: I32): void => {
      for (const total of totals) f.set(total, V128.of(0));
      const [firstZ, endZ] = tapRange(taps, plane, p.depth);
      const [firstY, endY] = tapRange(taps, firstRow.add(y), p.height);
      f.set(row, firstY);
      f.set(lastRow, endY);
      f.for(firstZ, endZ, 1, (tapZ) => {
        f.set(slot, plane.sub(firstPlane).add(tapZ).rem(taps));
        f.set(inputs, scratch.add(slot.mul(p.planeBytes)).add(vector.mul(p.vectorPlaneBytes)).add(y.add(row).mul(p.rowBytes)).add(column));
        f.set(weights, p.weights.add(firstVector.add(vector).mul(taps).add(tapZ).mul(taps).add(row).mul(taps * vectorBytes)));
        f.times(lastRow.sub(row), () => {
          const factors = Array.from({ length: taps }, (_, tap) => f.v128(loadV128(weights, tap * vectorBytes)));
          addRow(f, totals, factors, inputs);
          f.advance(inputs, p.rowBytes);
          f.advance(weights, taps * vectorBytes);
        });
      });
    };

    f.fillZero(scratch, p.ringBytes);
    const to = f.i32();
    forEachPlane(f, p, region, taps, { pointer: p.x, ring: scratch }, (plane) => {
      f.for(0, vectors, 1, (vector) => {
        const whole = f.i32(p.channels.sub(firstVector.add(vector).shl(2)).ge(4));
        f.for(0, rows, 1, (y) => {
          f.set(to, rowStart(p, region, p.y, plane, firstRow.add(y)).add(vector.shl(4)));
          f.for(0, p.width, tileVoxels, (x) => {
            sumTaps(plane, y, x.shl(4), vector);
            f.if(
              whole.and(x.add(tileVoxels).le(p.width)),
              () => {
                for (const total of totals) {
                  f.store(to, total);
                  f.advance(to, voxelBytes);
                }
              },
              () => {
                const channels = f.i32(p.channels.sub(firstVector.add(vector).shl(2)));
                totals.forEach((total, i) => {
                  f.if(x.add(i).lt(p.width), () => storeChannels(f, to, total, channels));
                  f.advance(to, voxelBytes);
                });
              },
            );
          });
        });
      });
    });
  });
}

/** totals[i] += sum over taps of inputs[i + tap] factors[tap]. */
function addRow(f: FunctionBuilder, totals: readonly V128[], factors: readonly V128[], inputs: I32): void {
  const input = f.v128();
  for (let i = 0; i < totals.length + factors.length - 1; i++) {
    f.set(input, loadV128(inputs, i * vectorBytes));
    totals.forEach((total, j) => {
      if (i >= j && i - j < factors.length) f.set(total, f.multiplyAdd(input, factors[i - j], total));
    });
  }
}

/** The first `channels` lanes, at most four, and nothing behind them. */
function storeChannels(f: FunctionBuilder, to: I32, value: V128, channels: I32): void {
  f.if(
    channels.ge(4),
    () => f.store(to, value),
    () => [0, 1, 2].forEach((lane) => f.if(channels.gt(lane), () => f.store(to, value.lane(lane), 4 * lane))),
  );
}
