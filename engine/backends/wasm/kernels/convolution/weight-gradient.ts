/**
 * @file The gradient with respect to the weights: at each point of the line transform a product of transformed inputs and transformed gradients, summed over the whole volume
 * by one owner, and then taken back through the transform of the kernel.
 */
import { I32, loadSplat, loadV128, V128, type FunctionReference, type ModuleBuilder } from '../../assembler';
import { addBlock, blockBytes, blockChannels, blockVectors, copyBlock, emptyBlock, integerFields, loadBlock, mostBytes, paddedChannels, share, tileLines } from './blocks';
import { column, combine, type LineTransform } from './line-transform';
import { readLine } from './read-line';
import { transformLine } from './transform-line';

/** Scratch for one block at every tap of a line. */
export const blockScratchBytes = ({ taps }: LineTransform): number => taps * blockBytes;

/** Slabs of planes with sums of their own: enough that many threads have work, few enough that the sums stay small. */
const mostSlabs = 4;

/** For so many blocks of outputs. Work items own a point and a slab; they go through the slab in bricks of rows, whose transforms a thread's scratch holds: inputs [quad, plane, row, tile, 4] with a margin, gradients [block, plane, row, tile, 8]. */
export function weightGradientPlan({ taps, outputs, points }: LineTransform, [batch, depth, height, width]: readonly number[], channelsIn: number, channelsOut: number, blocks: number) {
  const tiles = Math.ceil(width / outputs);
  const [planes, rows] = [Math.min(depth, 8), Math.min(height, 8)];
  const quads = paddedChannels(channelsIn) / 4;
  const slabBytes = points * blocks * taps ** 2 * quads * 4 * blockBytes;
  const slabPlanes = share(depth, Math.max(1, Math.min(mostSlabs, Math.ceil(depth / planes), Math.floor(mostBytes / slabBytes))));
  const slabs = Math.ceil(depth / slabPlanes);

  const inputLineBytes = ((tiles * outputs + taps - 1) * channelsIn + 4) * 4;
  const gradientLineBytes = (tiles * outputs * channelsOut + blockChannels) * 4;
  const quadBytes = (planes + taps - 1) * (rows + taps - 1) * tiles * 16;
  const gradientBytes = planes * rows * tiles * blockBytes;
  const inputs = inputLineBytes + gradientLineBytes;
  const gradients = inputs + quads * quadBytes;
  return {
    fields: { batch, depth, height, width, channelsIn, channelsOut, quads, tiles, planes, rows, slabPlanes, slabs, blocks, inputLineBytes, gradientLineBytes, quadBytes, gradientBytes, inputs, gradients },
    items: slabs * points,
    scratchBytes: gradients + blocks * gradientBytes,
    /** Sums [slab, point, block, z, y, input (padded), 8]. */
    slabBytes,
    sumBytes: slabs * slabBytes,
  };
}
const sumFields = integerFields(
  ...(['x', 'channelsX', 'second', 'channelsSecond', 'dy', 'firstBlock', 'sums', 'batch', 'depth', 'height', 'width', 'channelsIn', 'channelsOut', 'quads', 'tiles', 'planes', 'rows', 'slabPlanes', 'slabs'] as const),
  ...(['blocks', 'inputLineBytes', 'gradientLineBytes', 'quadBytes', 'gradientBytes', 'inputs', 'gradients'] as const),
);

/**
 * sums[input] += inputs[tile, input] gradients[tile] for four inputs and one block of outputs.
 * Parameters: sums, inputs, gradients (pointers), planes, tiles of one plane, bytes between the tiles of one plane and those of the next in inputs and in gradients.
 */
const multiplyQuad = (m: ModuleBuilder): FunctionReference =>
  m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, sums: I32, inputs: I32, gradients: I32, planes: I32, tiles: I32, inputGap: I32, gradientGap: I32) => {
    const totals = Array.from({ length: tileLines }, () => emptyBlock(f));
    const factors = emptyBlock(f);
    const input = f.v128();
    f.times(planes, () => {
      f.times(tiles, () => {
        loadBlock(f, factors, gradients);
        totals.forEach((total, i) => {
          f.set(input, loadSplat(inputs, 4 * i));
          total.forEach((sum, j) => f.set(sum, f.multiplyAdd(input, factors[j], sum)));
        });
        f.advance(inputs, 4 * tileLines);
        f.advance(gradients, blockBytes);
      });
      f.advance(inputs, inputGap);
      f.advance(gradients, gradientGap);
    });
    totals.forEach((total, i) => addBlock(f, total, sums, i * blockBytes));
  });

/** Fills the sums. */
export function weightGradientSumsKernel(m: ModuleBuilder, transform: LineTransform) {
  const { taps, outputs, points } = transform;
  const radius = (taps - 1) / 2;
  const multiply = multiplyQuad(m);

  return m.kernel('weightGradientSums', sumFields, (f, p, item, scratch) => {
    const point = f.i32(item.rem(points));
    const slabStart = f.i32(item.div(points).mul(p.slabPlanes));
    const slabEnd = f.i32(slabStart.add(p.slabPlanes).min(p.depth));
    const inputFactors = Array.from({ length: points }, () => f.v128());
    const gradientFactors = Array.from({ length: outputs }, () => f.v128());
    for (let j = 0; j < points; j++)
      f.if(point.eq(j), () => {
        inputFactors.forEach((factor, i) => f.set(factor, V128.of(transform.input[j][i])));
        gradientFactors.forEach((factor, i) => f.set(factor, V128.of(transform.output[i][j])));
      });
    /** The factors are known when the item is, so their zeros cannot be left out. */
    const weighted = (factors: readonly V128[]) => (voxels: readonly V128[]) => voxels.slice(1).reduce((sum, voxel, i) => f.multiplyAdd(voxel, factors[i + 1], sum), voxels[0].mul(factors[0]));

    const inputVoxelBytes = f.i32(p.channelsIn.shl(2));
    const gradientVoxelBytes = f.i32(p.channelsOut.shl(2));
    const rowBytes = f.i32(p.tiles.shl(4));
    const planeBytes = f.i32(p.rows.add(taps - 1).mul(rowBytes));
    const gradientRowBytes = f.i32(p.tiles.mul(blockBytes));
    const inputLine = scratch;
    const gradientLine = f.i32(scratch.add(p.inputLineBytes));
    const inputs = f.i32(scratch.add(p.inputs));
    const gradients = f.i32(scratch.add(p.gradients));
    const tapSumBytes = f.i32(p.quads.mul(4 * blockBytes));
    const blockSumBytes = f.i32(tapSumBytes.mul(taps ** 2));
    const firstSums = f.i32(p.sums.add(item.mul(p.blocks).mul(blockSumBytes)));
    f.fillZero(firstSums, p.blocks.mul(blockSumBytes));
    f.fillZero(scratch, p.inputLineBytes.add(p.gradientLineBytes));

    const [volume, source] = [f.i32(), f.i32()];
    const rowAt = (pointer: I32, plane: I32, row: I32, bytes: I32): I32 => pointer.add(volume.add(plane).mul(p.height).add(row).mul(p.width).mul(bytes));
    const partAt = (pointer: I32, channels: I32, plane: I32, row: I32) => ({ row: rowAt(pointer, plane, row, channels.shl(2)), channels });
    /** The part of first - margin .. first + count + margin that lies in 0 .. size. */
    const forInside = (first: I32, count: I32, margin: number, size: I32, body: (index: I32) => void): void => f.for(first.sub(margin).max(0), first.add(count).add(margin).min(size), 1, body);

    const transformInputs = (firstPlane: I32, planes: I32, firstRow: I32, rows: I32): void =>
      forInside(firstPlane, planes, radius, p.depth, (plane) =>
        forInside(firstRow, rows, radius, p.height, (row) => {
          readLine(f, inputLine.add(inputVoxelBytes.mul(radius)), p.width, partAt(p.x, p.channelsX, plane, row), partAt(p.second, p.channelsSecond, plane, row));
          const target = f.i32(inputs.add(plane.sub(firstPlane).add(radius).mul(planeBytes)).add(row.sub(firstRow).add(radius).mul(rowBytes)));
          const to = { line: inputLine, windows: p.tiles, step: outputs, inputs: points, voxelBytes: inputVoxelBytes, vectors: p.quads, target, windowBytes: 16, resultBytes: 0, vectorBytes: p.quadBytes };
          transformLine(f, to, [weighted(inputFactors)]);
        }),
      );
    const transformGradients = (firstPlane: I32, planes: I32, firstRow: I32, rows: I32): void =>
      f.for(0, planes, 1, (plane) =>
        f.for(0, rows, 1, (row) => {
          f.set(source, rowAt(p.dy, firstPlane.add(plane), firstRow.add(row), gradientVoxelBytes));
          f.copy(gradientLine, source, p.width.mul(gradientVoxelBytes));
          f.for(0, p.blocks, 1, (block) => {
            const line = f.i32(gradientLine.add(p.firstBlock.add(block).mul(blockBytes)));
            const target = f.i32(gradients.add(block.mul(p.gradientBytes)).add(plane.mul(p.rows).add(row).mul(gradientRowBytes)));
            const to = { line, windows: p.tiles, step: outputs, inputs: outputs, voxelBytes: gradientVoxelBytes, vectors: I32.of(blockVectors), target, windowBytes: blockBytes, resultBytes: 0, vectorBytes: 16 };
            transformLine(f, to, [weighted(gradientFactors)]);
          });
        }),
      );
    const multiplyBrick = (firstPlane: I32, planes: I32, firstRow: I32, rows: I32): void =>
      f.for(0, taps, 1, (tapZ) =>
        f.for(0, taps, 1, (tapY) => {
          // outputs of this brick whose input at this tap lies inside the volume
          const fromPlane = f.i32(I32.of(radius).sub(tapZ).sub(firstPlane).max(0));
          const planeCount = f.i32(p.depth.add(radius).sub(tapZ).sub(firstPlane).min(planes).sub(fromPlane));
          const fromRow = f.i32(I32.of(radius).sub(tapY).sub(firstRow).max(0));
          const rowCount = f.i32(p.height.add(radius).sub(tapY).sub(firstRow).min(rows).sub(fromRow));
          f.if(planeCount.gt(0).and(rowCount.gt(0)), () => {
            const sums = f.i32(firstSums.add(tapZ.mul(taps).add(tapY).mul(tapSumBytes)));
            const blockGradients = f.i32(gradients.add(fromPlane.mul(p.rows).add(fromRow).mul(gradientRowBytes)));
            const firstInputs = f.i32(inputs.add(fromPlane.add(tapZ).mul(planeBytes)).add(fromRow.add(tapY).mul(rowBytes)));
            const inputGap = f.i32(planeBytes.sub(rowCount.mul(rowBytes)));
            const gradientGap = f.i32(p.rows.sub(rowCount).mul(gradientRowBytes));
            f.times(p.blocks, () => {
              f.for(0, p.quads, 1, (quad) => {
                f.call(multiply, sums.add(quad.mul(4 * blockBytes)), firstInputs.add(quad.mul(p.quadBytes)), blockGradients, planeCount, rowCount.mul(p.tiles), inputGap, gradientGap);
              });
              f.advance(sums, blockSumBytes);
              f.advance(blockGradients, p.gradientBytes);
            });
          });
        }),
      );

    const bricksOf = (size: I32, brick: I32): I32 => size.add(brick).sub(1).div(brick);
    f.for(0, p.batch, 1, (batch) => {
      f.set(volume, batch.mul(p.depth));
      f.for(0, bricksOf(slabEnd.sub(slabStart), p.planes), 1, (z) =>
        f.for(0, bricksOf(p.height, p.rows), 1, (y) => {
          const firstPlane = f.i32(slabStart.add(z.mul(p.planes)));
          const firstRow = f.i32(y.mul(p.rows));
          const brick = [firstPlane, f.i32(slabEnd.sub(firstPlane).min(p.planes)), firstRow, f.i32(p.height.sub(firstRow).min(p.rows))] as const;
          transformInputs(...brick);
          transformGradients(...brick);
          multiplyBrick(...brick);
        }),
      );
    });
  });
}

/** Adds the slabs in order and takes the sums back to weights [k, k, k, in, out]; one work item is one block at one (z, y) of the kernel. */
export const weightGradientKernel = (m: ModuleBuilder, transform: LineTransform) =>
  m.kernel('weightGradient', integerFields('sums', 'dweight', 'firstBlock', 'channelsIn', 'channelsOut', 'quads', 'blocks', 'slabs'), (f, p, item, scratch) => {
    const { taps, points } = transform;
    const lines = taps ** 2;
    const block = f.i32(item.div(lines).add(p.firstBlock));
    const sums = f.i32(p.sums.add(item.mul(p.quads).mul(4 * blockBytes)));
    const pointBytes = f.i32(p.blocks.mul(lines).mul(p.quads).mul(4 * blockBytes));
    const channels = f.i32(p.channelsOut.sub(block.mul(blockChannels)));
    const tapBytes = f.i32(p.channelsIn.mul(p.channelsOut).shl(2));
    const weights = f.i32(p.dweight.add(item.rem(lines).mul(taps).mul(tapBytes)).add(block.mul(blockBytes)));
    const [source, to] = [f.i32(), f.i32()];
    const values = Array.from({ length: points }, () => f.v128());
    f.times(p.channelsIn, () => {
      for (let j = 0; j < blockVectors; j++) {
        f.set(source, sums);
        for (const value of values) f.set(value, V128.of(0));
        f.times(p.slabs, () => {
          for (const value of values) {
            f.set(value, value.add(loadV128(source, 16 * j)));
            f.advance(source, pointBytes);
          }
        });
        for (let tap = 0; tap < taps; tap++) f.store(scratch, combine(f, column(transform.kernel, tap), values), tap * blockBytes + 16 * j);
      }
      for (let tap = 0; tap < taps; tap++) {
        f.set(to, weights.add(tapBytes.mul(tap)));
        copyBlock(f, to, f.i32(scratch.add(tap * blockBytes)), channels);
      }
      f.advance(sums, blockBytes);
      f.advance(weights, p.channelsOut.shl(2));
    });
  });
