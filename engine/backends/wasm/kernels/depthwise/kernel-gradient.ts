/** @file The gradient with respect to a depthwise kernel: for each tap a sum over the voxels of an item, four channels at a time, whose sums over the items are added by the caller. */
import { I32, loadV128, V128, type FunctionBuilder, type ModuleBuilder } from '../../assembler';
import { forEachPlane, gatherRows, locateRegion, regionFields, tapRange, tileVoxels, vectorBytes } from './regions';

/** Voxels along x a loop body takes: sums are kept apart for even and odd ones, so that no sum waits for the one before. */
const gradientVoxels = 4;

/** Fills `sums` with [region, vector, z, y, x, 4]; scratch holds the ring and behind it one plane of dy. */
export function kernelGradientKernel(m: ModuleBuilder, taps: number) {
  const radius = (taps - 1) / 2;
  return m.kernel('kernelGradient', { x: 'i32', dy: 'i32', sums: 'i32', ringBytes: 'i32', ...regionFields }, (f, p, item, scratch) => {
    const region = locateRegion(f, p, item);
    const { firstRow, rows, firstPlane, vectors, firstVector } = region;
    const gradientPlane = f.i32(scratch.add(p.ringBytes));
    const vectorSumBytes = taps ** 3 * vectorBytes;
    const sums = f.i32(p.sums.add(region.region.mul(p.vectors).add(firstVector).mul(vectorSumBytes)));
    const bodies = f.i32(p.tiles.mul(tileVoxels / gradientVoxels));
    const totals = Array.from({ length: taps }, () => [f.v128(), f.v128()] as const);
    const [sum, gradients, inputs, startRow, endRow] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];

    /** Adds to the taps along x at (tapZ, tapY) what the plane's rows give. */
    const sumRows = (plane: I32, vector: I32, tapZ: I32, tapY: I32): void => {
      for (const total of totals.flat()) f.set(total, V128.of(0));
      // rows whose input row lies in the volume
      f.set(startRow, I32.of(radius).sub(tapY).sub(firstRow).max(0));
      f.set(endRow, p.height.add(radius).sub(tapY).sub(firstRow).min(rows));
      f.set(gradients, gradientPlane.add(vector.mul(p.vectorPlaneBytes)).add(startRow.mul(p.rowBytes)));
      f.set(inputs, scratch.add(plane.sub(firstPlane).add(tapZ).rem(taps).mul(p.planeBytes)).add(vector.mul(p.vectorPlaneBytes)).add(startRow.add(tapY).mul(p.rowBytes)));
      f.times(endRow.sub(startRow).max(0), () => {
        f.times(bodies, () => {
          addVoxels(f, totals, inputs, gradients);
          f.advance(inputs, gradientVoxels * vectorBytes);
          f.advance(gradients, gradientVoxels * vectorBytes);
        });
        // the rest of a padded row
        f.advance(inputs, (taps - 1) * vectorBytes);
        f.advance(gradients, (taps - 1) * vectorBytes);
      });
      f.set(sum, sums.add(vector.mul(vectorSumBytes)).add(tapZ.mul(taps).add(tapY).mul(taps * vectorBytes)));
      totals.forEach(([even, odd], tap) => f.store(sum, loadV128(sum, tap * vectorBytes).add(even.add(odd)), tap * vectorBytes));
    };

    f.fillZero(scratch, p.ringBytes.add(p.planeBytes));
    f.fillZero(sums, vectors.mul(vectorSumBytes));
    forEachPlane(f, p, region, taps, { pointer: p.x, ring: scratch }, (plane) => {
      gatherRows(f, p, region, { pointer: p.dy, plane, from: firstRow, to: f.i32(firstRow.add(rows)), target: gradientPlane });
      const [firstZ, endZ] = tapRange(taps, plane, p.depth);
      const [first, end] = [f.i32(firstZ), f.i32(endZ)];
      f.for(0, vectors, 1, (vector) => f.for(first, end, 1, (tapZ) => f.for(0, taps, 1, (tapY) => sumRows(plane, vector, tapZ, tapY))));
    });
  });
}

/** totals[tap] += inputs[voxel + tap] gradients[voxel]. */
function addVoxels(f: FunctionBuilder, totals: readonly (readonly [V128, V128])[], inputs: I32, gradients: I32): void {
  const taps = totals.length;
  const factors = Array.from({ length: gradientVoxels }, (_, i) => f.v128(loadV128(gradients, i * vectorBytes)));
  const input = f.v128();
  for (let i = 0; i < taps + gradientVoxels - 1; i++) {
    f.set(input, loadV128(inputs, i * vectorBytes));
    factors.forEach((factor, voxel) => {
      const tap = i - voxel;
      if (tap >= 0 && tap < taps) f.set(totals[tap][voxel % 2], f.multiplyAdd(input, factor, totals[tap][voxel % 2]));
    });
  }
}
