/**
 * @file Kernels to spectra and gradients of spectra to kernels. A kernel is a few taps around 0, so that its transform along an axis is a short sum over distances d:
 * V(k) = w(0) + sum of (w(d) + w(-d)) cos(2 pi k d / length) + i (w(d) - w(-d)) sin(2 pi k d / length), and V(-k) the same with the other sign.
 */
import { I32, loadF32, loadSplat, loadV128, V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../../assembler';
import { complexBytes, loadComplex, partBytes, storeComplex, vectorLanes, type Complex } from './fourier-transform';
import { halfLength, type FourierPlan, type Lengths } from './fourier-plan';

/** Of each k up to half the length: a weight, cosines and sines of each distance. `weighted`: the ends of half a spectrum count half, where a sum takes k and -k together. */
export function waves(length: number, taps: number, weighted: boolean): Float32Array {
  const distances = Array.from({ length: (taps - 1) / 2 }, (_, d) => d + 1);
  return Float32Array.from(
    Array.from({ length: halfLength(length) }, (_, k) => {
      const weight = weighted && (k === 0 || k === length / 2) ? 0.5 : 1;
      const angle = (d: number): number => (2 * Math.PI * k * d) / length;
      return [weight, ...distances.map((d) => weight * Math.cos(angle(d))), ...distances.map((d) => weight * Math.sin(angle(d)))];
    }).flat(),
  );
}
const waveBytes = (taps: number): number => taps * 4;

/** Scratch, for each vector of a pair: taps [z, y, x]; transformed along x, or back to taps along z and y [z, y, kx]; along x and y, or back to taps along z [z, ky, kx]. */
const scratchOf = (taps: number, [x, y]: Lengths) => {
  const first = taps ** 3 * partBytes;
  const second = first + taps ** 2 * halfLength(x) * complexBytes;
  return { first, second, bytes: second + taps * y * halfLength(x) * complexBytes };
};
export const kernelScratchBytes = ({ taps, lengths }: FourierPlan): number => 2 * scratchOf(taps, lengths).bytes;

const strides = { weights: 'i32', inputs: 'i32', outputs: 'i32', inputStride: 'i32', outputStride: 'i32', tapStride: 'i32', spectra: 'i32', pointBytes: 'i32', firstVector: 'i32', vectors: 'i32', allVectors: 'i32', wavesX: 'i32', wavesY: 'i32', wavesZ: 'i32' } as const;
type StrideFields = { readonly [K in keyof typeof strides]: I32 };

const addTo = (f: FunctionBuilder, sum: Complex, factor: V128, value: Complex): void => {
  f.set(sum.re, f.multiplyAdd(factor, value.re, sum.re));
  f.set(sum.im, f.multiplyAdd(factor, value.im, sum.im));
};
const complexLocals = (f: FunctionBuilder, count: number): Complex[] => Array.from({ length: count }, () => ({ re: f.eight(), im: f.eight() }));
const setComplex = (f: FunctionBuilder, local: Complex, { re, im }: Complex): void => {
  f.set(local.re, re);
  f.set(local.im, im);
};
const plus = (a: Complex, b: Complex): Complex => ({ re: a.re.add(b.re), im: a.im.add(b.im) });
const minus = (a: Complex, b: Complex): Complex => ({ re: a.re.sub(b.re), im: a.im.sub(b.im) });
const timesI = ({ re, im }: Complex): Complex => ({ re: im.neg(), im: re });

/** (from, bytes from tap to tap, to, bytes from k to k, waves): all of a line of taps' spectrum; of real taps half of it. */
const expandLine = (m: ModuleBuilder, taps: number, length: number, real: boolean): FunctionReference =>
  m.functionOfEight([16, 0, 16, 0, 0], (f, from: I32, fromStep: I32, to: I32, toStep: I32, wave: I32) => {
    const radius = (taps - 1) / 2;
    const read = (tap: number): Complex => {
      const at = f.i32(from.add(fromStep.mul(tap)));
      return real ? { re: f.loadEight(at), im: V128.of(0) } : loadComplex(f, at);
    };
    const centre = complexLocals(f, 1)[0];
    const [evens, odds] = [complexLocals(f, radius), complexLocals(f, radius)];
    const [a, b] = complexLocals(f, 2);
    setComplex(f, centre, read(radius));
    for (let d = 1; d <= radius; d++) {
      setComplex(f, a, read(radius + d));
      setComplex(f, b, read(radius - d));
      setComplex(f, evens[d - 1], plus(a, b));
      setComplex(f, odds[d - 1], minus(a, b));
    }
    const [cosines, sines] = complexLocals(f, 2);
    const factor = f.v128();
    const mirrored = f.i32(to.add(toStep.mul(length)));
    const sumAt = () => {
      setComplex(f, cosines, centre);
      setComplex(f, sines, { re: V128.of(0), im: V128.of(0) });
      for (let d = 1; d <= radius; d++) {
        f.set(factor, loadSplat(wave, d * 4));
        if (real) f.set(cosines.re, f.multiplyAdd(factor, evens[d - 1].re, cosines.re));
        else addTo(f, cosines, factor, evens[d - 1]);
        f.set(factor, loadSplat(wave, (radius + d) * 4));
        if (real) f.set(sines.re, f.multiplyAdd(factor, odds[d - 1].re, sines.re));
        else addTo(f, sines, factor, odds[d - 1]);
      }
    };
    f.for(0, halfLength(length), 1, (k) => {
      sumAt();
      if (real) storeComplex(f, to, { re: cosines.re, im: sines.re });
      else {
        storeComplex(f, to, plus(cosines, timesI(sines)));
        f.if(k.gt(0).and(k.lt(length / 2)), () => storeComplex(f, mirrored, minus(cosines, timesI(sines))));
        f.set(mirrored, mirrored.sub(toStep));
      }
      f.advance(to, toStep);
      f.advance(wave, waveBytes(taps));
    });
  });

/** (from, bytes from k to k, to, bytes from tap to tap, waves): the taps of a line's spectrum; from half of it the real taps, `scale` times them. */
const contractLine = (m: ModuleBuilder, taps: number, length: number, real: boolean, scale = 1): FunctionReference =>
  m.functionOfEight([16, 0, 16, 0, 0], (f, from: I32, fromStep: I32, to: I32, toStep: I32, wave: I32) => {
    const radius = (taps - 1) / 2;
    const zero = { re: V128.of(0), im: V128.of(0) };
    const [evens, odds] = [complexLocals(f, radius + 1), complexLocals(f, radius)];
    [...evens, ...odds].forEach((sum) => setComplex(f, sum, zero));
    const [there, back, sum, difference] = complexLocals(f, 4);
    const factor = f.v128();
    const mirrored = f.i32();
    f.for(0, halfLength(length), 1, (k) => {
      setComplex(f, there, loadComplex(f, from));
      if (real) {
        f.set(evens[0].re, f.multiplyAdd(loadSplat(wave), there.re, evens[0].re));
        for (let d = 1; d <= radius; d++) {
          f.set(evens[d].re, f.multiplyAdd(loadSplat(wave, d * 4), there.re, evens[d].re));
          f.set(odds[d - 1].re, f.multiplyAdd(loadSplat(wave, (radius + d) * 4), there.im, odds[d - 1].re));
        }
      } else {
        f.set(mirrored, from.add(fromStep.mul(k.eq(0).choose(0, I32.of(length).sub(k.shl(1))))));
        setComplex(f, back, loadComplex(f, mirrored));
        setComplex(f, sum, plus(there, back));
        setComplex(f, difference, minus(there, back));
        f.set(factor, loadSplat(wave));
        addTo(f, evens[0], factor, sum);
        for (let d = 1; d <= radius; d++) {
          f.set(factor, loadSplat(wave, d * 4));
          addTo(f, evens[d], factor, sum);
          f.set(factor, loadSplat(wave, (radius + d) * 4));
          addTo(f, odds[d - 1], factor, difference);
        }
      }
      f.advance(from, fromStep);
      f.advance(wave, waveBytes(taps));
    });
    const write = (tap: number, value: Complex): void => {
      const at = f.i32(to.add(toStep.mul(tap)));
      if (real) f.store(at, value.re.mul(scale));
      else storeComplex(f, at, value);
    };
    write(radius, evens[0]);
    for (let d = 1; d <= radius; d++) {
      const turned = real ? { re: odds[d - 1].re.neg(), im: V128.of(0) } : timesI(odds[d - 1]);
      write(radius + d, plus(evens[d], turned));
      write(radius - d, minus(evens[d], turned));
    }
  });

/** Work item: one input and a pair of vectors of outputs, which share the cache lines of a matrix. */
function placesOf(f: FunctionBuilder, p: StrideFields, item: I32) {
  const pairs = f.i32(p.firstVector.add(p.vectors).add(1).shr(1).sub(p.firstVector.shr(1)));
  const input = f.i32(item.div(pairs));
  const firstOfPair = f.i32(item.rem(pairs).add(p.firstVector.shr(1)).shl(1));
  const inPair = f.i32(p.allVectors.sub(firstOfPair).min(2));
  return {
    matrix: f.i32(p.spectra.add(firstOfPair.mul(p.inputs).add(input.mul(inPair)).mul(complexBytes))),
    /** The vectors of the pair that are these outputs': the pair may be shared with another segment's. */
    first: f.i32(firstOfPair.lt(p.firstVector)),
    behind: f.i32(p.firstVector.add(p.vectors).sub(firstOfPair).min(2)),
    /** Outputs there are from a vector on, and the first's weights. */
    countOf: (vector: I32) => f.i32(p.outputs.sub(firstOfPair.add(vector).sub(p.firstVector).mul(vectorLanes)).min(vectorLanes)),
    weightOf: (vector: I32) => f.i32(p.weights.add(input.mul(p.inputStride)).add(firstOfPair.add(vector).sub(p.firstVector).mul(vectorLanes).mul(p.outputStride))),
  };
}
/** Work items of so many vectors from the first on, for every input. */
export const kernelItems = (firstVector: number, vectors: number, inputs: number): number => (Math.ceil((firstVector + vectors) / 2) - Math.floor(firstVector / 2)) * inputs;

/** So many lines, both pointers moved on after each. */
function forLines(f: FunctionBuilder, count: number, [from, fromBytes]: readonly [I32, number], [to, toBytes]: readonly [I32, number | I32], line: () => void): void {
  f.times(count, () => {
    line();
    f.advance(from, fromBytes);
    f.advance(to, toBytes);
  });
}
/** Lines along y of every z and kx: from so many rows of half spectra to so many. Changes the pointers. */
function alongRows(f: FunctionBuilder, line: FunctionReference, waves: I32, { planes, half }: { planes: number; half: number }, [from, fromRows]: readonly [I32, number], [to, toRows]: readonly [I32, number]): void {
  const rowBytes = half * complexBytes;
  f.times(planes, () => {
    forLines(f, half, [from, complexBytes], [to, complexBytes], () => f.call(line, from, I32.of(rowBytes), to, I32.of(rowBytes), waves));
    f.advance(from, (fromRows - 1) * rowBytes);
    f.advance(to, (toRows - 1) * rowBytes);
  });
}

/** Strides in bytes say where the next input, output and tap of the weights are, as for minimal filtering. Spectra are divided by the number of points, which the transform back does not do. */
export function kernelSpectraKernel(m: ModuleBuilder, { taps, lengths }: FourierPlan) {
  const [x, y, z] = lengths;
  const half = halfLength(x);
  const { first: firstStage, second: secondStage, bytes: stageBytes } = scratchOf(taps, lengths);
  const [alongX, alongY, alongZ] = [expandLine(m, taps, x, true), expandLine(m, taps, y, false), expandLine(m, taps, z, false)];
  const scale = 1 / (x * y * z);
  return m.kernel('kernelSpectra', strides, (f, p, item, scratch) => {
    const { matrix, first, behind, countOf, weightOf } = placesOf(f, p, item);
    const [source, lane, from, to] = [f.i32(), f.i32(), f.i32(), f.i32()];
    f.for(first, behind, 1, (vector) => {
      const stages = f.i32(scratch.add(vector.mul(stageBytes)));
      const [count, weight] = [countOf(vector), weightOf(vector)];
      f.fillZero(stages, taps ** 3 * partBytes);
      f.set(to, stages);
      f.times(taps ** 3, () => {
        f.if(
          p.outputStride.eq(4).and(count.eq(vectorLanes)),
          () => [0, 16].forEach((half) => f.store(to, loadV128(weight, half).mul(scale), half)),
          () => {
            f.set(source, weight);
            f.set(lane, to);
            f.times(count, () => {
              f.store(lane, loadF32(source).mul(scale));
              f.advance(source, p.outputStride);
              f.advance(lane, 4);
            });
          },
        );
        f.advance(to, partBytes);
        f.advance(weight, p.tapStride);
      });
      f.set(from, stages);
      f.set(to, stages.add(firstStage));
      forLines(f, taps ** 2, [from, taps * partBytes], [to, half * complexBytes], () => f.call(alongX, from, I32.of(partBytes), to, I32.of(complexBytes), p.wavesX));
      f.set(from, stages.add(firstStage));
      f.set(to, stages.add(secondStage));
      alongRows(f, alongY, p.wavesY, { planes: taps, half }, [from, taps], [to, y]);
    });
    f.set(from, scratch.add(secondStage));
    forLines(f, y * half, [from, complexBytes], [matrix, p.pointBytes.mul(z)], () =>
      f.for(first, behind, 1, (vector) => f.call(alongZ, from.add(vector.mul(stageBytes)), I32.of(y * half * complexBytes), matrix.add(vector.mul(complexBytes)), p.pointBytes, p.wavesZ)),
    );
  });
}

/** The other way: sums of conjugate products at every point to the gradient of each tap. Half a spectrum stands for a whole one. */
export function kernelGradientKernel(m: ModuleBuilder, { taps, lengths }: FourierPlan) {
  const [x, y, z] = lengths;
  const half = halfLength(x);
  const { first: firstStage, second: secondStage, bytes: stageBytes } = scratchOf(taps, lengths);
  const [alongX, alongY, alongZ] = [contractLine(m, taps, x, true, 2 / (x * y * z)), contractLine(m, taps, y, false), contractLine(m, taps, z, false)];
  return m.kernel('kernelGradient', strides, (f, p, item, scratch) => {
    const { matrix, first, behind, countOf, weightOf } = placesOf(f, p, item);
    const [from, to, target, lane] = [f.i32(), f.i32(scratch.add(secondStage)), f.i32(), f.i32()];
    forLines(f, y * half, [to, complexBytes], [matrix, p.pointBytes.mul(z)], () =>
      f.for(first, behind, 1, (vector) => f.call(alongZ, matrix.add(vector.mul(complexBytes)), p.pointBytes, to.add(vector.mul(stageBytes)), I32.of(y * half * complexBytes), p.wavesZ)),
    );
    f.for(first, behind, 1, (vector) => {
      const stages = f.i32(scratch.add(vector.mul(stageBytes)));
      f.set(from, stages.add(secondStage));
      f.set(to, stages.add(firstStage));
      alongRows(f, alongY, p.wavesY, { planes: taps, half }, [from, y], [to, taps]);
      f.set(from, stages.add(firstStage));
      f.set(to, stages);
      forLines(f, taps ** 2, [from, half * complexBytes], [to, taps * partBytes], () => f.call(alongX, from, I32.of(complexBytes), to, I32.of(partBytes), p.wavesX));
      f.set(from, stages);
      const [count, weight] = [countOf(vector), weightOf(vector)];
      f.times(taps ** 3, () => {
        f.set(target, weight);
        f.set(lane, from);
        f.times(count, () => {
          f.store(target, loadF32(lane));
          f.advance(target, p.outputStride);
          f.advance(lane, 4);
        });
        f.advance(from, partBytes);
        f.advance(weight, p.tapStride);
      });
    });
  });
}
