/** @file One pass of the factorised steerable convolution over tiles: gather, stages A to C, scatter; forward, weight gradient or both. Irreps are tables read at run time, so that one module serves all layers on a lattice. */
import { I32, loadI32, loadV128, type FunctionBuilder, type Kernel, type ModuleBuilder } from '../../assembler';
import { outputScale } from './couplings';
import { degrees } from './harmonic-polynomials';
import { emitRowFunctions } from './rows';
import { eightBytes, emitStages } from './stages';
import type { Stencil } from './stencil';
import type { StreamPlan } from './stream-plan';
import { groupSize, maximumPlanes, scratchLayout, type TileShape } from './tile-shape';

/** Inputs and outputs may lie in two tensors side by side: `firstIn` and `firstOut` channels in the first, the others in the second. */
export const passFields = {
  x: 'i32', xSecond: 'i32', y: 'i32', ySecond: 'i32', dy: 'i32', dySecond: 'i32', weights: 'i32', gradients: 'i32',
  entriesIn: 'i32', countIn: 'i32', entriesOut: 'i32', countOut: 'i32', channelsIn: 'i32', channelsOut: 'i32', firstIn: 'i32', firstOut: 'i32',
  sizeX: 'i32', sizeY: 'i32', sizeZ: 'i32', planes: 'i32', tilesX: 'i32', tilesZ: 'i32', tiles: 'i32', tilesPerItem: 'i32',
  /** Bit 0: output; bit 1: weight gradient. */
  mode: 'i32',
  gradientBytes: 'i32',
} as const;
export const withOutput = 1;
export const withGradient = 2;
/** Words of one entry in the tables: kind, multiplicity, first channel. */
export const entryWords = 3;
/** Output copies mixed, and correlated, in one block. */
export const mixBlock = 2;
export const correlateBlock = 4;

/** Degree and parity in one number, even parity first. Kinds of two entries, exclusive or of their last bits, tell the parity between them. */
export const kindOf = (degree: number, parity: 1 | -1): number => 2 * degree + (parity === 1 ? 0 : 1);

export function emitPass(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, tile: TileShape): Kernel<typeof passFields> {
  const layout = scratchLayout(stencil, plan, tile);
  const stages = emitStages(m, stencil, plan, tile, layout);
  const rows = emitRowFunctions(m);
  const { width, height } = tile;
  const [, reachY, reachZ] = stencil.reach;
  const { voxels, streamStride, rowStride, channelStride, mapPlaneStride } = layout;
  const gatheredPlane = (height + 2 * reachZ) * rowStride;

  return m.kernel('pass', passFields, (f, p, item, scratch) => {
    const accumulators = f.i32(scratch.add(layout.accumulators));
    const outputGradient = f.i32(accumulators.add(p.planes.mul(p.channelsOut.add(4)).mul(voxels * 4)));
    const gradients = f.i32(p.gradients.add(item.mul(p.gradientBytes)));
    f.if(p.mode.and(withGradient), () => f.fillZero(gradients, p.gradientBytes));
    f.for(item.mul(p.tilesPerItem), item.add(1).mul(p.tilesPerItem).min(p.tiles), 1, (index) => {
      const x0 = f.i32(index.rem(p.tilesX).mul(width));
      const z0 = f.i32(index.div(p.tilesX).rem(p.tilesZ).mul(height));
      const y0 = f.i32(index.div(p.tilesX.mul(p.tilesZ)).mul(p.planes));
      const planes = f.i32(p.sizeY.sub(y0).min(p.planes));
      const accumulatorPlane = f.i32(p.channelsOut.mul(voxels * 4));
      f.if(p.mode.and(withOutput), () => f.fillZero(accumulators, planes.mul(accumulatorPlane)));
      f.if(p.mode.and(withGradient), () => gatherGradient(x0, y0, z0, planes, accumulatorPlane));

      const weights = f.i32(p.weights);
      const gradient = f.i32(gradients);
      f.for(0, p.countIn, 1, (e) => {
        const entry = f.i32(p.entriesIn.add(e.mul(entryWords * 4)));
        const multiplicity = f.i32(loadI32(entry, 4));
        const kind = f.i32(loadI32(entry));
        const odd = f.i32(kind.and(1));
        for (const degree of degrees) if (plan[degree]!.length) f.if(kind.shr(1).eq(degree), () => throughEntry(degree, entry, multiplicity, { x0, y0, z0, planes, accumulatorPlane, weights, gradient, odd }));
      });
      f.if(p.mode.and(withOutput), () => scatterTile(x0, y0, z0, planes, accumulatorPlane));
    });

    /** The outputs' two tensors, or their gradients'; a last block of the first reaches over channels of the second, which must be written after it. */
    function sideBySide(first: I32, second: I32): { tensor: I32; channels: I32; voxelBytes: I32; before: I32 }[] {
      const others = f.i32(p.channelsOut.sub(p.firstOut));
      return [
        { tensor: first, channels: p.firstOut, voxelBytes: f.i32(p.firstOut.shl(2)), before: f.i32(0) },
        { tensor: second, channels: others, voxelBytes: f.i32(others.shl(2)), before: f.i32(p.firstOut.mul(voxels * 4)) },
      ];
    }
    /** dy of the tile as [plane][channel][voxel], in the scaled basis of the accumulators. */
    function gatherGradient(x0: I32, y0: I32, z0: I32, planes: I32, planeBytes: I32) {
      const parts = sideBySide(p.dy, p.dySecond);
      const blocks = f.i32(p.channelsOut.add(3).shr(2));
      f.for(0, planes, 1, (plane) => {
        f.for(0, height, 1, (row) => {
          const to = f.i32(outputGradient.add(plane.mul(planeBytes)).add(row.mul(width * 4)));
          f.if(
            z0.add(row).lt(p.sizeZ),
            () => {
              for (const { tensor, channels, voxelBytes, before } of parts)
                f.call(rows.gather, tensor.add(voxelIndex(x0, y0.add(plane), z0.add(row)).mul(voxelBytes)), to.add(before), I32.of(voxels * 4), I32.of(width / 4), x0, p.sizeX, voxelBytes, channels.add(3).shr(2));
            },
            () => f.call(rows.clear, to, I32.of(voxels * 4), I32.of(width / 4), blocks),
          );
        });
        scaleComponents(outputGradient.add(plane.mul(planeBytes)));
      });
    }
    function voxelIndex(x: I32, y: I32, z: I32): I32 {
      return z.mul(p.sizeY).add(y).mul(p.sizeX).add(x);
    }
    /** Components whose scaled basis differs from the true one times their scale. */
    function scaleComponents(plane: I32) {
      f.for(0, p.countOut, 1, (e) => {
        const entry = f.i32(p.entriesOut.add(e.mul(entryWords * 4)));
        for (const degree of degrees) {
          const scales = Array.from({ length: 2 * degree + 1 }, (_, i) => outputScale(degree, i));
          if (scales.every((scale) => scale === 1)) continue;
          f.if(loadI32(entry).shr(1).eq(degree), () => {
            const copy = f.i32(plane.add(loadI32(entry, 8).mul(voxels * 4)));
            f.times(loadI32(entry, 4), () => {
              f.times(voxels / 4, () => {
                scales.forEach((scale, i) => {
                  if (scale !== 1) f.store(copy, loadV128(copy, i * voxels * 4).mul(scale), i * voxels * 4);
                });
                f.advance(copy, 16);
              });
              f.advance(copy, 2 * degree * voxels * 4);
            });
          });
        }
      });
    }
    function scatterTile(x0: I32, y0: I32, z0: I32, planes: I32, planeBytes: I32) {
      const parts = sideBySide(p.y, p.ySecond);
      const count = f.i32(p.sizeX.sub(x0).min(width));
      f.for(0, planes, 1, (plane) => {
        const from = f.i32(accumulators.add(plane.mul(planeBytes)));
        scaleComponents(from);
        f.for(0, p.sizeZ.sub(z0).min(height), 1, (row) => {
          for (const { tensor, channels, voxelBytes, before } of parts)
            f.if(channels, () => f.call(rows.scatter, from.add(before).add(row.mul(width * 4)), I32.of(voxels * 4), tensor.add(voxelIndex(x0, y0.add(plane), z0.add(row)).mul(voxelBytes)), count, voxelBytes, channels));
        });
      });
    }

    interface TileValues {
      x0: I32; y0: I32; z0: I32; planes: I32; accumulatorPlane: I32; weights: I32; gradient: I32;
      /** 1 where the input entry is of odd parity. */
      odd: I32;
    }
    /** All copies of one input entry, a group at a time. */
    function throughEntry(degree: number, entry: I32, multiplicity: I32, t: TileValues) {
      const components = 2 * degree + 1;
      const group = groupSize[degree]!;
      f.for(0, multiplicity, group, (copy) => {
        const copies = f.i32(multiplicity.sub(copy).min(group));
        const channel = f.i32(loadI32(entry, 8).add(copy.mul(components)));
        gatherInput(channel, copies.mul(components), t);
        const mapped = f.i32(scratch.add(layout.maps));
        f.for(0, copies.mul(components), 1, (c) => {
          f.for(0, t.planes.add(2 * reachY), 1, (plane) =>
            f.call(
              stages.mapPlane,
              scratch.add(layout.gathered).add(c.mul(channelStride * 4)).add(plane.mul(gatheredPlane * 4)),
              mapped.add(c.mul(maximumPlanes + 2 * reachY).add(plane).mul(mapPlaneStride * 4)),
              scratch.add(layout.rowSums),
            ),
          );
        });
        f.for(0, t.planes, 1, (plane) => {
          f.for(0, copies, 1, (u) => {
            const to = plan[degree]!.map(({ streams }, t) => scratch.add(layout.streams[degree]![t]!).add(u.mul(streams * streamStride * 4)));
            f.call(stages.couple[degree]!, mapped.add(u.mul(components * (maximumPlanes + 2 * reachY)).add(plane).mul(mapPlaneStride * 4)), scratch.add(layout.harmonics), ...to);
          });
          f.if(p.mode.and(withOutput), () => mixInto(degree, plane, copy, copies, multiplicity, t));
          f.if(p.mode.and(withGradient), () => correlateWith(degree, plane, copy, copies, multiplicity, t));
        });
      });
      // behind the blocks of this entry begin those of the next
      f.for(0, p.countOut, 1, (e) => {
        const out = f.i32(p.entriesOut.add(e.mul(entryWords * 4)));
        for (const { degreeOut, parity, streams } of plan[degree]!)
          f.if(loadI32(out).xor(t.odd).eq(kindOf(degreeOut, parity)), () => {
            const weights = f.i32(multiplicity.mul(loadI32(out, 4)).mul(streams * 4));
            f.advance(t.weights, weights);
            f.advance(t.gradient, weights.mul(eightBytes / 4));
          });
      });
    }
    function gatherInput(channel: I32, channels: I32, { x0, y0, z0, planes }: TileValues) {
      const blocks = f.i32(channels.add(3).shr(2));
      const isSecond = f.i32(channel.ge(p.firstIn));
      const voxelBytes = f.i32(isSecond.choose(p.channelsIn.sub(p.firstIn), p.firstIn).shl(2));
      const source = f.i32(isSecond.choose(p.xSecond.add(channel.sub(p.firstIn).shl(2)), p.x.add(channel.shl(2))));
      f.for(0, planes.add(2 * reachY), 1, (plane) => {
        f.for(0, height + 2 * reachZ, 1, (row) => {
          const to = f.i32(scratch.add(layout.gathered).add(plane.mul(gatheredPlane * 4)).add(row.mul(rowStride * 4)));
          const y = f.i32(y0.add(plane).sub(reachY));
          const z = f.i32(z0.add(row).sub(reachZ));
          f.if(
            y.ge(0).and(y.lt(p.sizeY)).and(z.ge(0)).and(z.lt(p.sizeZ)),
            () => f.call(rows.gather, source.add(voxelIndex(x0.sub(4), y, z).mul(voxelBytes)), to, I32.of(channelStride * 4), I32.of(rowStride / 4), x0.sub(4), p.sizeX, voxelBytes, blocks),
            () => f.call(rows.clear, to, I32.of(channelStride * 4), I32.of(rowStride / 4), blocks),
          );
        });
      });
    }
    /** Visits blocks of output copies of every entry that streams of this degree reach. */
    function overOutputs(degree: number, odd: I32, copy: I32, copies: I32, multiplicity: I32, size: number, each: (b: { copiesOut: number; degreeOut: number; streams: I32; count: I32; weight: I32; channel: I32; componentStride: number }) => void) {
      const before = f.i32(0);
      f.for(0, p.countOut, 1, (e) => {
        const out = f.i32(p.entriesOut.add(e.mul(entryWords * 4)));
        const multiplicityOut = f.i32(loadI32(out, 4));
        plan[degree]!.forEach(({ degreeOut, parity, streams: perCopy }, target) =>
          f.if(loadI32(out).xor(odd).eq(kindOf(degreeOut, parity)), () => {
            const block = (copiesOut: number, first: I32) =>
              each({
                copiesOut,
                degreeOut,
                streams: scratch.add(layout.streams[degree]![target]!),
                count: copies.mul(perCopy),
                weight: before.add(first.mul(multiplicity).mul(perCopy)).add(copy.mul(perCopy * copiesOut)),
                channel: loadI32(out, 8).add(first.mul(2 * degreeOut + 1)),
                componentStride: groupSize[degree]! * perCopy * streamStride * 4,
              });
            const whole = f.i32(multiplicityOut.div(size).mul(size));
            f.for(0, whole, size, (first) => block(size, first));
            for (let rest = 1; rest < size; rest++) f.if(multiplicityOut.rem(size).eq(rest), () => block(rest, whole));
            f.advance(before, multiplicity.mul(multiplicityOut).mul(perCopy));
          }),
        );
      });
    }
    function mixInto(degree: number, plane: I32, copy: I32, copies: I32, multiplicity: I32, { accumulatorPlane, weights, odd }: TileValues) {
      overOutputs(degree, odd, copy, copies, multiplicity, mixBlock, ({ copiesOut, degreeOut, streams, count, weight, channel, componentStride }) => {
        const components = 2 * degreeOut + 1;
        f.call(stages.mix[copiesOut]!, accumulators.add(plane.mul(accumulatorPlane)).add(channel.mul(voxels * 4)), I32.of(components * voxels * 4), streams, count, weights.add(weight.shl(2)), I32.of(components), I32.of(componentStride));
      });
    }
    function correlateWith(degree: number, plane: I32, copy: I32, copies: I32, multiplicity: I32, { accumulatorPlane, gradient, odd }: TileValues) {
      overOutputs(degree, odd, copy, copies, multiplicity, correlateBlock, ({ copiesOut, degreeOut, streams, count, weight, channel, componentStride }) => {
        const components = 2 * degreeOut + 1;
        f.call(stages.correlate[copiesOut]!, gradient.add(weight.mul(eightBytes)), outputGradient.add(plane.mul(accumulatorPlane)).add(channel.mul(voxels * 4)), I32.of(components * voxels * 4), streams, count, I32.of(components), I32.of(componentStride));
      });
    }
  });
}

/** Bytes of scratch one thread needs for a pass. */
export const passScratchBytes = (stencil: Stencil, plan: StreamPlan, tile: TileShape, planes: number, channelsOut: number): number => {
  const layout = scratchLayout(stencil, plan, tile);
  return layout.accumulators + 2 * planes * (channelsOut + 4) * layout.voxels * 4 + 4096;
};

/** Adds the partial gradients of all slabs in slab order, and then their eight lanes. */
export const sumFields = { gradients: 'i32', sum: 'i32', slabs: 'i32', gradientBytes: 'i32', weights: 'i32' } as const;
export const weightsPerSumItem = 4096;
export const emitSumSlabs = (m: ModuleBuilder): Kernel<typeof sumFields> =>
  m.kernel('sumSlabs', sumFields, (f: FunctionBuilder, p, item) => {
    f.for(item.mul(weightsPerSumItem), item.add(1).mul(weightsPerSumItem).min(p.weights), 1, (weight) => {
      const at = f.i32(p.gradients.add(weight.mul(eightBytes)));
      const sum = f.v128(0);
      f.times(p.slabs, () => {
        f.set(sum, sum.add(loadV128(at)).add(loadV128(at, eightBytes / 2)));
        f.advance(at, p.gradientBytes);
      });
      f.store(p.sum.add(weight.shl(2)), sum.sumOfLanes());
    });
  });
