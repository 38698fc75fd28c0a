/**
 * @file The convolution itself: rows of the input are transformed into scratch, their products with the panels of weights are summed over the kernel's z, y and the input channels,
 * and the sums are transformed into rows of the output. The gradient with respect to the input is the same with other weights.
 */
import { I32, loadSplat, loadV128, type FunctionReference, type ModuleBuilder } from '../../assembler';
import { addBlock, blockBytes, blockChannels, blockVectors, copyBlock, emptyBlock, integerFields, loadBlock, paddedChannels, share, tileLines } from './blocks';
import { combine, type LineTransform } from './line-transform';
import { readLine } from './read-line';
import { transformLine } from './transform-line';

/** Enough work items that threads finish together; few enough that rows are not transformed too often. */
const wantedItems = 32;

/** How the convolution to so many blocks of outputs is cut into work items, and where a thread's scratch has what: a padded line, sums [point, tile, 8], and a ring of planes [plane, point, tile, input]. */
export function convolveRowsPlan({ taps, outputs, points }: LineTransform, [batch, depth, height, width]: readonly number[], channelsIn: number, blocks: number) {
  const tiles = Math.ceil(width / outputs);
  // at least 16 tiles share a panel of weights while it is near
  const rows = Math.min(height, tileLines * Math.ceil(4 / tiles));
  const slabs = Math.ceil(height / rows);
  const planes = share(depth, Math.ceil(depth / 16));
  const ranges = Math.ceil(depth / planes);
  const blocksPerItem = share(blocks, Math.ceil(wantedItems / (batch * ranges * slabs)));
  const groups = Math.ceil(blocks / blocksPerItem);
  const paddedIn = paddedChannels(channelsIn);

  const lineBytes = ((tiles * outputs + taps - 1) * channelsIn + 4) * 4;
  const sumBytes = rows * tiles * blockBytes;
  const pointBytes = (rows + taps - 1) * tiles * paddedIn * 4;
  const sums = outputs * blockBytes + lineBytes;
  const ring = sums + points * sumBytes;
  return {
    fields: { depth, height, width, channelsIn, paddedIn, tiles, rows, planes, slabs, ranges, blocks, blocksPerItem, groups, lineBytes, sumBytes, pointBytes, sums, ring },
    items: batch * ranges * slabs * groups,
    scratchBytes: ring + taps * points * pointBytes,
  };
}
const fields = integerFields(
  ...(['x', 'channelsX', 'second', 'channelsSecond', 'panels', 'y', 'voxelBytesOut', 'channelsOut', 'depth', 'height', 'width', 'channelsIn', 'paddedIn', 'tiles', 'rows', 'planes', 'slabs', 'ranges'] as const),
  ...(['blocks', 'blocksPerItem', 'groups', 'lineBytes', 'sumBytes', 'pointBytes', 'sums', 'ring'] as const),
);

/**
 * sums[tile] += inputs[tile, row, channel] weights[row, channel] for `count` neighbouring tiles and one block of outputs.
 * Parameters: sums, inputs, weights (pointers), rows, channels, bytes from tile to tile, bytes from row to row.
 */
const multiplyTiles = (m: ModuleBuilder, count: number): FunctionReference =>
  m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, sums: I32, inputs: I32, weights: I32, rows: I32, channels: I32, tileBytes: I32, rowBytes: I32) => {
    const pointers = Array.from({ length: count }, (_, i) => f.i32(inputs.add(i && tileBytes.mul(i))));
    const totals = pointers.map(() => emptyBlock(f));
    const factors = emptyBlock(f);
    const input = f.v128();
    const toNextRow = f.i32(rowBytes.sub(channels.shl(2)));
    f.times(rows, () => {
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
      for (const pointer of pointers) f.advance(pointer, toNextRow);
    });
    totals.forEach((total, i) => addBlock(f, total, sums, i * blockBytes));
  });

/** A work item makes the blocks of one group for one slab of rows through one range of planes. The input's channels are those of `x`, then those of `second`. */
export function convolveRowsKernel(m: ModuleBuilder, transform: LineTransform) {
  const { taps, outputs, points } = transform;
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
    const planes = f.i32(p.depth.sub(firstPlane).min(p.planes));

    const voxelBytes = f.i32(p.channelsIn.shl(2));
    const tileBytes = f.i32(p.paddedIn.shl(2));
    const quads = f.i32(p.paddedIn.shr(2));
    const rowBytes = f.i32(p.tiles.mul(tileBytes));
    const planeBytes = f.i32(p.pointBytes.mul(points));
    const panelBytes = f.i32(p.channelsIn.mul(taps * blockBytes));
    const line = f.i32(scratch.add(outputs * blockBytes));
    const sums = f.i32(scratch.add(p.sums));
    const ring = f.i32(scratch.add(p.ring));
    /** First byte of row (plane, row) of a volume with voxels of so many bytes. */
    const rowAt = (pointer: I32, plane: I32, row: I32, bytes: I32): I32 => pointer.add(volume.add(plane).mul(p.height).add(row).mul(p.width).mul(bytes));
    const partAt = (pointer: I32, channels: I32, plane: I32, row: I32) => ({ row: rowAt(pointer, plane, row, channels.shl(2)), channels });
    const inside = (index: I32, size: I32): I32 => index.ge(0).and(index.lt(size));

    const transformPlane = (plane: I32, slot: I32): void => {
      const target = f.i32(ring.add(slot.mul(planeBytes)));
      const cleared = f.i32();
      f.for(firstRow.sub(radius), firstRow.add(rows).add(radius), 1, (row) => {
        f.if(
          inside(row, p.height),
          () => {
            readLine(f, line.add(voxelBytes.mul(radius)), p.width, partAt(p.x, p.channelsX, plane, row), partAt(p.second, p.channelsSecond, plane, row));
            transformLine(
              f,
              { line, windows: p.tiles, step: outputs, inputs: points, voxelBytes, vectors: quads, target, windowBytes: tileBytes, resultBytes: p.pointBytes, vectorBytes: 16 },
              transform.input.map((factors) => (inputs) => combine(f, factors, inputs)),
            );
          },
          () => {
            f.set(cleared, target);
            f.times(points, () => {
              f.fillZero(cleared, rowBytes);
              f.advance(cleared, p.pointBytes);
            });
          },
        );
        f.advance(target, rowBytes);
      });
    };

    const multiplyPlane = (plane: I32, step: I32, block: I32): void => {
      f.fillZero(sums, p.sumBytes.mul(points));
      const tiles = f.i32(rows.mul(p.tiles));
      const whole = f.i32(tiles.sub(tiles.rem(tileLines)));
      const [pointSums, panel, inputs, firstY, lastY] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
      f.for(0, points, 1, (point) => {
        f.set(pointSums, sums.add(point.mul(p.sumBytes)));
        f.for(I32.of(radius).sub(plane).max(0), p.depth.add(radius).sub(plane).min(taps), 1, (tapZ) => {
          f.set(panel, p.panels.add(block.mul(points).add(point).mul(taps).add(tapZ).mul(panelBytes)));
          f.set(inputs, ring.add(step.add(tapZ).rem(taps).mul(planeBytes)).add(point.mul(p.pointBytes)));
          for (const { count, multiply } of multipliers)
            f.for(count > 1 ? 0 : whole, count > 1 ? whole : tiles, count, (tile) => {
              // taps that only reach rows outside are left out
              f.set(firstY, I32.of(radius).sub(firstRow).sub(tile.add(count - 1).div(p.tiles)).max(0));
              f.set(lastY, p.height.add(radius).sub(firstRow).sub(tile.div(p.tiles)).min(taps));
              f.call(
                multiply,
                pointSums.add(tile.mul(blockBytes)),
                inputs.add(tile.mul(tileBytes)).add(firstY.mul(rowBytes)),
                panel.add(firstY.mul(p.channelsIn).mul(blockBytes)),
                lastY.sub(firstY),
                p.channelsIn,
                tileBytes,
                rowBytes,
              );
            });
        });
      });
    };

    const storePlane = (plane: I32, block: I32): void => {
      const channels = f.i32(p.channelsOut.sub(block.mul(blockChannels)));
      const [tileSums, source, to] = [f.i32(sums), f.i32(), f.i32()];
      const values = Array.from({ length: points }, () => f.v128());
      f.for(0, rows, 1, (row) =>
        f.for(0, p.width, outputs, (x) => {
          for (let j = 0; j < blockVectors; j++) {
            f.set(source, tileSums);
            for (const value of values) {
              f.set(value, loadV128(source, 16 * j));
              f.advance(source, p.sumBytes);
            }
            transform.output.forEach((factors, i) => f.store(scratch, combine(f, factors, values), i * blockBytes + 16 * j));
          }
          f.set(to, rowAt(p.y, plane, firstRow.add(row), p.voxelBytesOut).add(x.mul(p.voxelBytesOut)).add(block.mul(blockBytes)));
          for (let i = 0; i < outputs; i++) {
            f.if(x.add(i).lt(p.width), () => copyBlock(f, f.i32(to), scratch.add(i * blockBytes), channels));
            f.advance(to, p.voxelBytesOut);
          }
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
        f.for(firstBlock, lastBlock, 1, (block) => {
          multiplyPlane(result, firstStep, block);
          storePlane(result, block);
        });
      });
    });
  });
}
