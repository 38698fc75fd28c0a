/** @file The two passes over the points of the spectrum, block by block: rows of inputs to rows of outputs, and rows of gradients and inputs to both gradients. Multiplicities are tables read at run time, as in the tiles' pass. */
import { I32, loadI32, type FunctionBuilder, type Kernel, type ModuleBuilder } from '../../../assembler';
import type { Lengths } from '../../convolution/fourier/fourier-plan';
import { partBytes } from '../../convolution/fourier/fourier-transform';
import { groupsOf, type GroupsAlong } from '../../convolution/fourier/point-blocks';
import { degrees } from '../harmonic-polynomials';
import type { Stencil } from '../stencil';
import type { StreamPlan, Target } from '../stream-plan';
import { harmonicsOf } from '../tile-shape';
import { entryWords, kindOf } from '../tiles';
import { emitMatrices, emitMatrixGradients, numberBytes, partsOf } from './point-matrices';
import { emitCorrelate, emitMultiply, rangeWords, together } from './point-products';

/** `entries`: of inputs and outputs of the convolution. `ranges`: for each entry that is made, [first channel, channels, number of ranges, ranges...]. `x` and `dy` are rows of spectra. */
export const pointFields = {
  x: 'i32', y: 'i32', harmonics: 'i32', weights: 'i32', gradients: 'i32', gradientBytes: 'i32', isFirst: 'i32',
  entriesIn: 'i32', countIn: 'i32', entriesOut: 'i32', countOut: 'i32', channelsIn: 'i32', channelsOut: 'i32', ranges: 'i32',
  pairs: 'i32', rowBytesIn: 'i32', rowBytesOut: 'i32', pairBytesIn: 'i32', pairBytesOut: 'i32', groups: 'i32', groupsPerItem: 'i32',
} as const;
type Fields = { readonly [K in keyof typeof pointFields]: I32 };

/** Matrix and, behind it, its gradient. */
export const pointScratchBytes = (channelsIn: number, channelsOut: number): number => 2 * channelsIn * channelsOut * numberBytes;

export function emitPointPasses(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, lengths: Lengths): { forward: Kernel<typeof pointFields>; backward: Kernel<typeof pointFields> } {
  const unit = 1 / lengths.reduce<number>((product, length) => product * length, 1);
  const matrices = emitMatrices(m, stencil, plan, unit);
  const gradients = emitMatrixGradients(m, stencil, plan, unit);
  const multiply = [false, true].map((conjugated) => [1, together].map((outputs) => emitMultiply(m, outputs, conjugated)));
  const correlate = [1, together].map((inputs) => [1, together].map((outputs) => emitCorrelate(m, inputs, outputs)));
  const harmonicBytes = harmonicsOf(stencil) * partBytes;
  const { alongX, alongY, alongZ } = groupsOf(lengths);
  const matrixBytes = (p: Fields): I32 => p.channelsIn.mul(p.channelsOut).mul(numberBytes);
  /** A block of points. */
  interface Block {
    /** Rows of a block. */
    readonly x: I32;
    readonly y: I32;
    readonly matrix: I32;
    /** Gradient of the matrix. */
    readonly changes: I32;
    /** 1 where the gradient of the matrix begins. */
    readonly isFirst: I32;
    /** 1 where the conjugate of the matrix takes its place. */
    readonly isConjugate: I32;
    /** 1 where points stand for themselves alone, 0 where also for their mirror images along x. */
    readonly isAlone: I32;
  }
  /** Makes the matrix of a group of blocks once, which serves all of them, since the spectra have the signs that reflections give (`reflection-signs.ts`), and carries back its gradient where it has one. */
  const pass = (name: string, eachBlock: (f: FunctionBuilder, p: Fields, block: Block) => void, carry?: (f: FunctionBuilder, p: Fields, harmonics: I32, changes: I32, own: I32) => void) =>
    m.kernel(name, pointFields, (f, p, item, matrix) => {
      const own = f.i32(p.gradients.add(item.mul(p.gradientBytes)));
      const changes = f.i32(matrix.add(matrixBytes(p)));
      f.if(p.isFirst, () => f.fillZero(own, p.gradientBytes));
      f.for(item.mul(p.groupsPerItem), item.add(1).mul(p.groupsPerItem).min(p.groups), 1, (group) => {
        const harmonics = f.i32(p.harmonics.add(group.mul(harmonicBytes)));
        eachPair(f, p, (degree, target, pair) =>
          eachOutput(f, pair, target, p.weights, 4, (weights, numbers) => f.call(matrices[degree]![target.index]!, weights, harmonics, matrix.add(numbers), p.channelsOut.mul(numberBytes), pair.copiesIn)),
        );
        const column = f.i32(group.div(alongZ.groups).rem(alongX));
        const isAlone = f.i32(column.eq(0).or(column.eq(alongX - 1)));
        const [groupY, groupZ] = [mirrorsOf(f, alongY, group.div(alongZ.groups * alongX)), mirrorsOf(f, alongZ, group.rem(alongZ.groups))];
        // the first block, that along y, along z, along both, as far as there are
        f.for(0, groupY.isMirrored.add(1).mul(groupZ.isMirrored.add(1)), 1, (n) => {
          const inY = f.i32(groupY.isMirrored.and(n));
          const inZ = f.i32(groupY.isMirrored.choose(n.shr(1), n));
          const block = f.i32(groupY.first.add(inY.mul(alongY.mirrored)).mul(alongX).add(column).mul(alongZ.blocks).add(groupZ.first).add(inZ.mul(alongZ.mirrored)));
          const isConjugate = f.i32(inY.xor(inZ));
          eachBlock(f, p, { x: f.i32(p.x.add(block.mul(p.rowBytesIn.shl(1)))), y: f.i32(p.y.add(block.mul(p.rowBytesOut.shl(1)))), matrix, changes, isFirst: f.i32(n.eq(0)), isConjugate, isAlone });
        });
        carry?.(f, p, harmonics, changes, own);
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
  /** All rows of a block times the matrix, whose numbers are so many bytes apart from output to output and from input to input. */
  function multiplyRows(f: FunctionBuilder, p: Fields, conjugated: boolean, { from, fromBytes, fromPair, to, toBytes, toPair, matrix, outputBytes, inputBytes, entries }: Record<'from' | 'fromBytes' | 'fromPair' | 'to' | 'toBytes' | 'toPair' | 'matrix' | 'outputBytes' | 'inputBytes' | 'entries', I32>): void {
    const range = f.i32(p.ranges);
    f.times(entries, () => {
      const [channel, ranges] = [f.i32(loadI32(range)), f.i32(loadI32(range, 8))];
      byTwo(f, f.i32(loadI32(range, 4)), (size, first) => {
        const output = f.i32(channel.add(first));
        const [row, result] = [f.i32(from), f.i32(to.add(output.mul(numberBytes)))];
        f.times(p.pairs, () => {
          f.call(multiply[Number(conjugated)]![size - 1]!, row, fromBytes, matrix.add(output.mul(outputBytes)), outputBytes, inputBytes, result, toBytes, range.add(12), ranges);
          f.advance(row, fromPair);
          f.advance(result, toPair);
        });
      });
      f.advance(range, ranges.mul(rangeWords).add(3).shl(2));
    });
  }

  return {
    forward: pass('forward', (f, p, { x, y, matrix, isConjugate }) => {
      const rows = (conjugated: boolean): void =>
        multiplyRows(f, p, conjugated, { from: x, fromBytes: p.rowBytesIn, fromPair: p.pairBytesIn, to: y, toBytes: p.rowBytesOut, toPair: p.pairBytesOut, matrix, outputBytes: I32.of(numberBytes), inputBytes: f.i32(p.channelsOut.mul(numberBytes)), entries: p.countOut });
      f.if(isConjugate, () => rows(true), () => rows(false));
    }),
    // the gradient of the inputs takes the place of the inputs, which are not needed any more
    backward: pass(
      'backward',
      (f, p, { x, y, matrix, changes, isFirst, isConjugate, isAlone }) => {
        const inputBytes = f.i32(p.channelsOut.mul(numberBytes));
        eachPair(f, p, (degree, target, pair) =>
          byTwo(f, f.i32(pair.copiesIn.mul(2 * degree + 1)), (inputs, firstInput) =>
            byTwo(f, f.i32(pair.copiesOut.mul(2 * target.degreeOut + 1)), (outputs, firstOutput) => {
              const [i, o] = [f.i32(pair.channelIn.add(firstInput)), f.i32(pair.channelOut.add(firstOutput))];
              f.call(correlate[inputs - 1]![outputs - 1]!, x.add(i.mul(numberBytes)), p.rowBytesIn, p.pairBytesIn, y.add(o.mul(numberBytes)), p.rowBytesOut, p.pairBytesOut, changes.add(i.mul(inputBytes)).add(o.mul(numberBytes)), inputBytes, p.pairs, I32.of(partsOf(target)), isFirst, isAlone, isConjugate);
            }),
          ),
        );
        const rows = (conjugated: boolean): void =>
          multiplyRows(f, p, conjugated, { from: y, fromBytes: p.rowBytesOut, fromPair: p.pairBytesOut, to: x, toBytes: p.rowBytesIn, toPair: p.pairBytesIn, matrix, outputBytes: inputBytes, inputBytes: I32.of(numberBytes), entries: p.countIn });
        f.if(isConjugate, () => rows(false), () => rows(true));
      },
      (f, p, harmonics, changes, own) =>
        eachPair(f, p, (degree, target, pair) => eachOutput(f, pair, target, own, partBytes, (weights, numbers) => f.call(gradients[degree]![target.index]!, weights, harmonics, changes.add(numbers), p.channelsOut.mul(numberBytes), pair.copiesIn))),
    ),
  };
}
