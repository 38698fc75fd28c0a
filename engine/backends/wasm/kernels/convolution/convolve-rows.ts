/**
 * @file The convolution itself: planes of the input are transformed along x and y into scratch, their products with the panels of weights are summed over the kernel's z and the input channels,
 * and the sums are transformed into rows of the output. The gradient with respect to the input is the same with other weights.
 */
import { I32, loadSplat, loadV128, type FunctionReference, type ModuleBuilder } from '../../assembler';
import { addBlock, blockBytes, blockChannels, blockVectors, copyBlock, emptyBlock, integerFields, loadBlock, paddedChannels, share, tileLines } from './blocks';
import { combine, type PlaneTransform } from './line-transform';
import { readLine } from './read-line';
import { transformLine } from './transform-line';

/** Enough work items that threads finish together; few enough that rows are not transformed too often. */
const wantedItems = 32;
/** Planes a work item goes through: the more, the fewer are transformed twice. */
const planesOfItem = [16, 8, 4];
/** Tiles that share a panel of weights while it is near, of which the ring of planes takes no more than this. */
const wantedTiles = 32;
const mostRingBytes = 4 * 2 ** 20;
/** Bytes that keep points, and with them planes, off multiples of 4096 of each other, which would share cache sets. */
const apart = 64;

/**
 * How the convolution to so many blocks of outputs is cut into work items, and where a thread's scratch has what: a padded line, sums [block, point, tile, 8], the rows of a plane transformed
 * along x [point, row, tile, input], and a ring of planes transformed along both [plane, point, tile, input]. Tiles run along x, then y.
 */
export function convolveRowsPlan({ alongX, alongY, points }: PlaneTransform, [batch, depth, height, width]: readonly number[], channelsIn: number, blocks: number) {
  const { taps } = alongX;
  const tilesX = Math.ceil(width / alongX.outputs);
  const paddedIn = paddedChannels(channelsIn);
  const tiles = Math.min(wantedTiles, Math.ceil(mostRingBytes / (taps * points * paddedIn * 4)));
  const tilesY = Math.min(Math.ceil(height / alongY.outputs), Math.ceil(tiles / tilesX));
  const rows = tilesY * alongY.outputs;
  const slabs = Math.ceil(height / rows);
  const cuts = planesOfItem.map((most) => {
    const planes = share(depth, Math.ceil(depth / most));
    const ranges = Math.ceil(depth / planes);
    const blocksPerItem = share(blocks, Math.ceil(wantedItems / (batch * ranges * slabs)));
    const groups = Math.ceil(blocks / blocksPerItem);
    return { planes, ranges, blocksPerItem, groups, transformed: ranges * groups * (planes + taps - 1) };
  });
  const { planes, ranges, blocksPerItem, groups } = cuts.reduce((best, cut) => (cut.transformed < best.transformed ? cut : best));

  const lineBytes = ((tilesX * alongX.outputs + taps - 1) * channelsIn + 4) * 4;
  const sumBytes = tilesX * tilesY * blockBytes + apart;
  const pointBytes = tilesX * tilesY * paddedIn * 4 + apart;
  const lineRows = rows + taps - 1;
  const sums = alongX.outputs * blockBytes + lineBytes;
  const lines = sums + blocksPerItem * points * sumBytes;
  const ring = lines + alongX.points * lineRows * tilesX * paddedIn * 4;
  return {
    fields: { depth, height, width, channelsIn, paddedIn, tilesX, rows, planes, slabs, ranges, blocks, blocksPerItem, groups, lineBytes, lineRows, sumBytes, pointBytes, sums, lines, ring },
    items: batch * ranges * slabs * groups,
    scratchBytes: ring + taps * points * pointBytes,
  };
}
const fields = integerFields(
  ...(['x', 'channelsX', 'second', 'channelsSecond', 'panels', 'y', 'voxelBytesOut', 'channelsOut', 'depth', 'height', 'width', 'channelsIn', 'paddedIn', 'tilesX', 'rows', 'planes', 'slabs', 'ranges'] as const),
  ...(['blocks', 'blocksPerItem', 'groups', 'lineBytes', 'lineRows', 'sumBytes', 'pointBytes', 'sums', 'lines', 'ring'] as const),
);

/**
 * sums[tile] += inputs[plane, tile, channel] weights[plane, channel] for `count` neighbouring tiles and one block of outputs.
 * Parameters: sums, inputs, weights (pointers), planes, planes until the ring of inputs ends, its bytes, channels, bytes from tile to tile, bytes from plane to plane.
 */
const multiplyTiles = (m: ModuleBuilder, count: number): FunctionReference =>
  m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, sums: I32, inputs: I32, weights: I32, planes: I32, planesToEnd: I32, ringBytes: I32, channels: I32, tileBytes: I32, planeBytes: I32) => {
    const pointers = Array.from({ length: count }, (_, i) => f.i32(inputs.add(i && tileBytes.mul(i))));
    const totals = pointers.map(() => emptyBlock(f));
    const factors = emptyBlock(f);
    const input = f.v128();
    const toNextPlane = f.i32(planeBytes.sub(channels.shl(2)));
    f.times(planes, () => {
      // not unrolled: V8 starts a loop body with all its loads, and more than these would not fit the registers
      f.times(channels, () => {
        loadBlock(f, factors, weights);
        totals.forEach((total, i) => {
          f.set(input, loadSplat(pointers[i]));
          total.forEach((sum, j) => f.set(sum, f.multiplyAdd(input, factors[j], sum)));
        });
        for (const pointer of pointers) f.advance(pointer, 4);
        f.advance(weights, blockBytes);
      });
      for (const pointer of pointers) f.advance(pointer, toNextPlane);
      f.advance(planesToEnd, -1);
      f.if(planesToEnd.eq(0), () => {
        for (const pointer of pointers) f.set(pointer, pointer.sub(ringBytes));
      });
    });
    totals.forEach((total, i) => addBlock(f, total, sums, i * blockBytes));
  });

/** A work item makes the blocks of one group for one slab of rows through one range of planes. The input's channels are those of `x`, then those of `second`. */
export function convolveRowsKernel(m: ModuleBuilder, { alongX, alongY, points }: PlaneTransform) {
  const { taps, outputs } = alongX;
  const radius = (taps - 1) / 2;
  const multipliers = [tileLines, 1].map((count) => ({ count, multiply: multiplyTiles(m, count) }));

  return m.kernel('convolveRows', fields, (f, p, item, scratch) => {
    const firstBlock = f.i32(item.rem(p.groups).mul(p.blocksPerItem));
    const lastBlock = f.i32(firstBlock.add(p.blocksPerItem).min(p.blocks));
    const region = f.i32(item.div(p.groups));
    const firstRow = f.i32(region.rem(p.slabs).mul(p.rows));
    f.set(region, region.div(p.slabs));
    const firstPlane = f.i32(region.rem(p.ranges).mul(p.planes));
    const volume = f.i32(region.div(p.ranges).mul(p.depth));
    const rows = f.i32(p.height.sub(firstRow).min(p.rows));
    const tilesY = f.i32(rows.add(alongY.outputs - 1).div(alongY.outputs));
    const planes = f.i32(p.depth.sub(firstPlane).min(p.planes));

    const voxelBytes = f.i32(p.channelsIn.shl(2));
    const tileBytes = f.i32(p.paddedIn.shl(2));
    const quads = f.i32(p.paddedIn.shr(2));
    const rowBytes = f.i32(p.tilesX.mul(tileBytes));
    const linePointBytes = f.i32(p.lineRows.mul(rowBytes));
    const planeBytes = f.i32(p.pointBytes.mul(points));
    const blockSumBytes = f.i32(p.sumBytes.mul(points));
    const pointRowBytes = f.i32(p.pointBytes.mul(alongX.points));
    const rowQuads = f.i32(p.tilesX.mul(quads));
    const panelBytes = f.i32(p.channelsIn.mul(blockBytes));
    const line = f.i32(scratch.add(outputs * blockBytes));
    const sums = f.i32(scratch.add(p.sums));
    const lines = f.i32(scratch.add(p.lines));
    const ring = f.i32(scratch.add(p.ring));
    /** First byte of row (plane, row) of a volume with voxels of so many bytes. */
    const rowAt = (pointer: I32, plane: I32, row: I32, bytes: I32): I32 => pointer.add(volume.add(plane).mul(p.height).add(row).mul(p.width).mul(bytes));
    const partAt = (pointer: I32, channels: I32, plane: I32, row: I32) => ({ row: rowAt(pointer, plane, row, channels.shl(2)), channels });
    const inside = (index: I32, size: I32): I32 => index.ge(0).and(index.lt(size));

    const transformPlane = (plane: I32, slot: I32): void => {
      const target = f.i32(lines);
      const cleared = f.i32();
      const start = f.i32(firstRow.sub(radius));
      f.for(start, start.add(tilesY.mul(alongY.outputs)).add(taps - 1), 1, (row) => {
        f.if(
          inside(row, p.height),
          () => {
            readLine(f, line.add(voxelBytes.mul(radius)), p.width, partAt(p.x, p.channelsX, plane, row), partAt(p.second, p.channelsSecond, plane, row));
            transformLine(
              f,
              { line, windows: p.tilesX, step: outputs, inputs: alongX.points, voxelBytes, vectors: quads, target, windowBytes: tileBytes, resultBytes: linePointBytes, vectorBytes: 16 },
              alongX.input.map((factors) => (inputs) => combine(f, factors, inputs)),
            );
          },
          () => {
            f.set(cleared, target);
            f.times(alongX.points, () => {
              f.fillZero(cleared, rowBytes);
              f.advance(cleared, linePointBytes);
            });
          },
        );
        f.advance(target, rowBytes);
      });
      const source = f.i32(lines);
      f.set(target, ring.add(slot.mul(planeBytes)));
      f.times(alongX.points, () => {
        transformLine(
          f,
          { line: source, windows: tilesY, step: alongY.outputs, inputs: alongY.points, voxelBytes: rowBytes, vectors: rowQuads, target, windowBytes: rowBytes, resultBytes: pointRowBytes, vectorBytes: 16 },
          alongY.input.map((factors) => (inputs) => combine(f, factors, inputs)),
        );
        f.advance(source, linePointBytes);
        f.advance(target, p.pointBytes);
      });
    };

    const multiplyPlane = (plane: I32, step: I32): void => {
      f.fillZero(sums, blockSumBytes.mul(lastBlock.sub(firstBlock)));
      const tiles = f.i32(tilesY.mul(p.tilesX));
      const whole = f.i32(tiles.sub(tiles.rem(tileLines)));
      const firstZ = f.i32(I32.of(radius).sub(plane).max(0));
      const count = f.i32(p.depth.add(radius).sub(plane).min(taps).sub(firstZ));
      const slot = f.i32(step.add(firstZ).rem(taps));
      const slotsToEnd = f.i32(I32.of(taps).sub(slot));
      const ringBytes = f.i32(planeBytes.mul(taps));
      const [inputs, firstSums, firstPanel] = [f.i32(ring.add(slot.mul(planeBytes))), f.i32(sums), f.i32(p.panels.add(firstBlock.mul(points * taps).add(firstZ).mul(panelBytes)))];
      const [blockSums, panel] = [f.i32(), f.i32()];
      f.times(points, () => {
        f.set(blockSums, firstSums);
        f.set(panel, firstPanel);
        f.times(lastBlock.sub(firstBlock), () => {
          for (const { count: together, multiply } of multipliers)
            f.for(together > 1 ? 0 : whole, together > 1 ? whole : tiles, together, (tile) =>
              f.call(multiply, blockSums.add(tile.mul(blockBytes)), inputs.add(tile.mul(tileBytes)), panel, count, slotsToEnd, ringBytes, p.channelsIn, tileBytes, planeBytes),
            );
          f.advance(blockSums, blockSumBytes);
          f.advance(panel, panelBytes.mul(points * taps));
        });
        f.advance(firstSums, p.sumBytes);
        f.advance(inputs, p.pointBytes);
        f.advance(firstPanel, panelBytes.mul(taps));
      });
    };

    const storePlane = (plane: I32, block: I32): void => {
      const channels = f.i32(p.channelsOut.sub(block.mul(blockChannels)));
      const [tileSums, source, to] = [f.i32(sums.add(block.sub(firstBlock).mul(blockSumBytes))), f.i32(), f.i32()];
      const values = Array.from({ length: alongX.points }, () => f.v128());
      const column = Array.from({ length: alongY.points }, () => f.v128());
      f.for(0, rows, alongY.outputs, (row) =>
        f.for(0, p.width, outputs, (x) => {
          alongY.output.forEach((rowFactors, y) =>
            f.if(row.add(y).lt(rows), () => {
              for (let j = 0; j < blockVectors; j++) {
                f.set(source, tileSums);
                for (const value of values) {
                  column.forEach((sum, point) => rowFactors[point] !== 0 && f.set(sum, loadV128(source.add(p.sumBytes.mul(point * alongX.points)), 16 * j)));
                  f.set(value, combine(f, rowFactors, column));
                  f.advance(source, p.sumBytes);
                }
                alongX.output.forEach((factors, i) => f.store(scratch, combine(f, factors, values), i * blockBytes + 16 * j));
              }
              f.set(to, rowAt(p.y, plane, firstRow.add(row).add(y), p.voxelBytesOut).add(x.mul(p.voxelBytesOut)).add(block.mul(blockBytes)));
              for (let i = 0; i < outputs; i++) {
                f.if(x.add(i).lt(p.width), () => copyBlock(f, f.i32(to), scratch.add(i * blockBytes), channels));
                f.advance(to, p.voxelBytesOut);
              }
            }),
          );
          f.advance(tileSums, blockBytes);
        }),
      );
    };

    f.fillZero(line, p.lineBytes);
    const [plane, result] = [f.i32(), f.i32()];
    f.for(0, planes.add(taps - 1), 1, (step) => {
      f.set(plane, firstPlane.add(step).sub(radius));
      f.if(inside(plane, p.depth), () => transformPlane(plane, step.rem(taps)));
      f.if(step.ge(taps - 1), () => {
        f.set(result, plane.sub(radius));
        const firstStep = f.i32(step.sub(taps - 1));
        multiplyPlane(result, firstStep);
        f.for(firstBlock, lastBlock, 1, (block) => storePlane(result, block));
      });
    });
  });
}
