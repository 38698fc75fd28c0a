/** @file The two passes over the points of the spectrum, block by block: rows of inputs to rows of outputs, and rows of gradients and inputs to both gradients. Multiplicities are tables read at run time, as in the tiles' pass. */
import { I32, loadI32, type FunctionBuilder, type FunctionReference, type Kernel, type ModuleBuilder } from '../../../assembler';
import type { Lengths } from '../../convolution/fourier/fourier-plan';
import { partBytes } from '../../convolution/fourier/fourier-transform';
import { groupsOf, isEndAlongX, type GroupsAlong } from '../../convolution/fourier/point-blocks';
import { degrees } from '../harmonic-polynomials';
import type { Stencil } from '../stencil';
import type { StreamPlan, Target } from '../stream-plan';
import { harmonicsOf } from '../tile-shape';
import { entryWords, kindOf } from '../tiles';
import { emitMatrices, emitMatrixGradients, numberBytes, partsOf } from './point-matrices';
import { emitCorrelate, emitMultiply, rangeWords, rowPairBytes, together } from './point-products';

/** `entries`: of inputs and outputs of the convolution. `ranges`: for each entry that is made, [first channel, channels, number of ranges, ranges...]. `x` and `dy` are rows of spectra. */
export const pointFields = {
  x: 'i32', y: 'i32', harmonics: 'i32', weights: 'i32', gradients: 'i32', gradientBytes: 'i32', isFirst: 'i32',
  entriesIn: 'i32', countIn: 'i32', entriesOut: 'i32', countOut: 'i32', channelsIn: 'i32', channelsOut: 'i32', ranges: 'i32',
  pairs: 'i32', rowBytesIn: 'i32', rowBytesOut: 'i32', pairBytesIn: 'i32', pairBytesOut: 'i32', groups: 'i32', groupsPerItem: 'i32',
} as const;
type Fields = { readonly [K in keyof typeof pointFields]: I32 };

/** Blocks of a group. */
const mostBlocks = 4;
/** Matrix, its gradient, and the pairs of rows of the blocks of a group. */
export const pointScratchBytes = (channelsIn: number, channelsOut: number, pairs: number): number => 2 * channelsIn * channelsOut * numberBytes + mostBlocks * pairs * rowPairBytes;
/** Rows that are multiplied with all columns of a matrix in turn: they stay in the first cache, through which the matrix passes. */
const nearBytes = 32 * 2 ** 10;

export function emitPointPasses(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, lengths: Lengths): { forward: Kernel<typeof pointFields>; backward: Kernel<typeof pointFields> } {
  const unit = 1 / lengths.reduce<number>((product, length) => product * length, 1);
  const matrices = emitMatrices(m, stencil, plan, unit);
  const gradients = emitMatrixGradients(m, stencil, plan, unit);
  const [multiply, multiplyConjugate] = [false, true].map((conjugated) => [1, together].map((outputs) => emitMultiply(m, outputs, conjugated))) as [FunctionReference[], FunctionReference[]];
  const correlate = [1, together].map((inputs) => [1, together].map((outputs) => emitCorrelate(m, inputs, outputs)));
  const harmonicBytes = harmonicsOf(stencil) * partBytes;
  const { alongX, alongY, alongZ } = groupsOf(lengths);
  const matrixBytes = (p: Fields): I32 => p.channelsIn.mul(p.channelsOut).mul(numberBytes);
  /** Up to four blocks of points that are mirror images of each other, and what serves all of them: their spectra have the signs that reflections give (`reflection-signs.ts`). */
  interface Group {
    readonly matrix: I32;
    /** Gradient of the matrix. */
    readonly changes: I32;
    readonly harmonics: I32;
    /** Table of the pairs of rows of all blocks, and their number. */
    readonly rows: I32;
    readonly count: I32;
    /** 1 where points stand for themselves alone, 0 where also for -k. */
    readonly isAlone: I32;
  }
  const pass = (name: string, eachGroup: (f: FunctionBuilder, p: Fields, group: Group, own: I32) => void) =>
    m.kernel(name, pointFields, (f, p, item, matrix) => {
      const own = f.i32(p.gradients.add(item.mul(p.gradientBytes)));
      const changes = f.i32(matrix.add(matrixBytes(p)));
      const rows = f.i32(changes.add(matrixBytes(p)));
      f.if(p.isFirst, () => f.fillZero(own, p.gradientBytes));
      f.for(item.mul(p.groupsPerItem), item.add(1).mul(p.groupsPerItem).min(p.groups), 1, (group) => {
        const harmonics = f.i32(p.harmonics.add(group.mul(harmonicBytes)));
        eachPair(f, p, (degree, target, pair) =>
          eachOutput(f, pair, target, p.weights, 4, (weights, numbers) => f.call(matrices[degree]![target.index]!, weights, harmonics, matrix.add(numbers), p.channelsOut.mul(numberBytes), pair.copiesIn)),
        );
        const column = f.i32(group.div(alongZ.groups).rem(alongX));
        const isEnd = f.i32(isEndAlongX(alongX, column));
        const [groupY, groupZ] = [mirrorsOf(f, alongY, group.div(alongZ.groups * alongX)), mirrorsOf(f, alongZ, group.rem(alongZ.groups))];
        const isAlone = f.i32(isEnd.and(groupY.isMirrored.eq(0)));
        // at the ends the mirror image along y is left out: its spectra are the conjugates of these
        f.set(groupY.isMirrored, groupY.isMirrored.and(isEnd.eq(0)));
        const blocks = f.i32(groupY.isMirrored.add(1).mul(groupZ.isMirrored.add(1)));
        const entry = f.i32(rows);
        // the first block and, as far as there are, its images along z, along y, along both
        f.for(0, blocks, 1, (n) => {
          const inZ = f.i32(groupZ.isMirrored.and(n));
          const inY = f.i32(groupY.isMirrored.and(groupZ.isMirrored.choose(n.shr(1), n)));
          const block = f.i32(groupY.first.add(inY.mul(alongY.mirrored)).mul(alongX).add(column).mul(alongZ.blocks).add(groupZ.first).add(inZ.mul(alongZ.mirrored)));
          const [x, y] = [f.i32(p.x.add(block.mul(p.rowBytesIn.shl(1)))), f.i32(p.y.add(block.mul(p.rowBytesOut.shl(1))))];
          f.times(p.pairs, () => {
            [x, y].forEach((value, word) => f.store(entry, value, 4 * word));
            f.advance(x, p.pairBytesIn);
            f.advance(y, p.pairBytesOut);
            f.advance(entry, rowPairBytes);
          });
        });
        eachGroup(f, p, { matrix, changes, harmonics, rows, count: f.i32(blocks.mul(p.pairs)), isAlone }, own);
      });
    });
  /** The first block of a group along an axis, and 1 where it has a mirror image. */
  function mirrorsOf(f: FunctionBuilder, { mirrored }: GroupsAlong, group: I32) {
    const at = f.i32(group);
    const isMirrored = f.i32(at.lt(mirrored));
    return { isMirrored, first: f.i32(isMirrored.choose(at, at.add(mirrored))) };
  }

  interface Pair {
    readonly copiesIn: I32;
    readonly copiesOut: I32;
    readonly channelIn: I32;
    readonly channelOut: I32;
    /** Weights before those of this pair. */
    readonly before: I32;
    readonly channelsOut: I32;
  }
  type IndexedTarget = Target & { readonly index: number };
  /** Pairs of entries that couple, in the order of their weights. */
  function eachPair(f: FunctionBuilder, p: Fields, body: (degree: number, target: IndexedTarget, pair: Pair) => void): void {
    const before = f.i32(0);
    f.for(0, p.countIn, 1, (i) => {
      const entryIn = f.i32(p.entriesIn.add(i.mul(entryWords * 4)));
      const kind = f.i32(loadI32(entryIn));
      f.for(0, p.countOut, 1, (o) => {
        const entryOut = f.i32(p.entriesOut.add(o.mul(entryWords * 4)));
        for (const degree of degrees)
          plan[degree]!.forEach((target, index) =>
            f.if(kind.shr(1).eq(degree).and(loadI32(entryOut).xor(kind.and(1)).eq(kindOf(target.degreeOut, target.parity))), () => {
              const [copiesIn, copiesOut] = [f.i32(loadI32(entryIn, 4)), f.i32(loadI32(entryOut, 4))];
              body(degree, { ...target, index }, { copiesIn, copiesOut, channelIn: f.i32(loadI32(entryIn, 8)), channelOut: f.i32(loadI32(entryOut, 8)), before, channelsOut: p.channelsOut });
              f.advance(before, copiesIn.mul(copiesOut).mul(target.streams));
            }),
          );
      });
    });
  }
  /** Output copies: the weights of their pairs with all input copies, of so many bytes each, and where their numbers begin in a matrix. */
  function eachOutput(f: FunctionBuilder, { copiesIn, copiesOut, channelIn, channelOut, before, channelsOut }: Pair, { degreeOut, streams }: Target, weights: I32, bytes: number, body: (weights: I32, matrix: I32) => void): void {
    const at = f.i32(weights.add(before.mul(bytes)));
    const column = f.i32(channelIn.mul(channelsOut).add(channelOut).mul(numberBytes));
    f.times(copiesOut, () => {
      body(at, column);
      f.advance(at, copiesIn.mul(streams * bytes));
      f.advance(column, (2 * degreeOut + 1) * numberBytes);
    });
  }
  /** Steps of two and a last one. */
  function byTwo(f: FunctionBuilder, count: I32, body: (size: 1 | 2, first: I32) => void): void {
    f.for(0, count.sub(1), together, (first) => body(together, first));
    f.if(count.and(1), () => body(1, f.i32(count.sub(1))));
  }
  /** All rows times the matrix, or its adjoint: some rows at a time with every pair of outputs in turn. */
  function multiplyRows(f: FunctionBuilder, p: Fields, { matrix, rows, count }: Group, isAdjoint: boolean): void {
    const inputBytes = f.i32(p.channelsOut.mul(numberBytes));
    const [forward, backward] = [
      { word: 0, bytes: p.rowBytesIn, matrixBytes: inputBytes },
      { word: 4, bytes: p.rowBytesOut, matrixBytes: I32.of(numberBytes) },
    ];
    const [from, to] = isAdjoint ? [backward, forward] : [forward, backward];
    const most = f.i32(I32.of(nearBytes).div(from.bytes.shl(1)).max(1));
    const [first, left] = [f.i32(rows), f.i32(count)];
    f.times(count.add(most).sub(1).div(most), () => {
      const near = f.i32(left.min(most));
      const range = f.i32(p.ranges);
      f.times(isAdjoint ? p.countIn : p.countOut, () => {
        const [channel, ranges] = [f.i32(loadI32(range)), f.i32(loadI32(range, 8))];
        byTwo(f, f.i32(loadI32(range, 4)), (size, made) => {
          const output = f.i32(channel.add(made));
          const column = f.i32(matrix.add(output.mul(to.matrixBytes)));
          const pair = f.i32(first);
          f.times(near, () => {
            f.call((isAdjoint ? multiplyConjugate : multiply)[size - 1]!, loadI32(pair, from.word), from.bytes, column, to.matrixBytes, from.matrixBytes, loadI32(pair, to.word).add(output.mul(numberBytes)), to.bytes, range.add(12), ranges);
            f.advance(pair, rowPairBytes);
          });
        });
        f.advance(range, ranges.mul(rangeWords).add(3).shl(2));
      });
      f.advance(first, most.mul(rowPairBytes));
      f.set(left, left.sub(most));
    });
  }

  return {
    forward: pass('forward', (f, p, group) => multiplyRows(f, p, group, false)),
    // the gradient of the inputs takes the place of the inputs, which are not needed any more
    backward: pass('backward', (f, p, group, own) => {
      const { changes, harmonics, rows, count, isAlone } = group;
      const inputBytes = f.i32(p.channelsOut.mul(numberBytes));
      eachPair(f, p, (degree, target, pair) => {
        const outputs = f.i32(pair.copiesOut.mul(2 * target.degreeOut + 1));
        byTwo(f, f.i32(pair.copiesIn.mul(2 * degree + 1)), (inputs, firstInput) => {
          const i = f.i32(pair.channelIn.add(firstInput));
          const add = (size: 1 | 2, o: I32, steps: I32): void =>
            f.call(correlate[inputs - 1]![size - 1]!, rows, count, i.mul(numberBytes), p.rowBytesIn, o.mul(numberBytes), p.rowBytesOut, changes.add(i.mul(inputBytes)).add(o.mul(numberBytes)), inputBytes, I32.of(partsOf(target)), isAlone, steps);
          add(2, pair.channelOut, outputs.shr(1));
          f.if(outputs.and(1), () => add(1, f.i32(pair.channelOut.add(outputs).sub(1)), I32.of(1)));
        });
        eachOutput(f, pair, target, own, partBytes, (weights, numbers) => f.call(gradients[degree]![target.index]!, weights, harmonics, changes.add(numbers), inputBytes, pair.copiesIn));
      });
      multiplyRows(f, p, group, true);
    }),
  };
}
