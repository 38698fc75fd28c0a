import { describe, expect, it } from 'vitest';
import { axisTaps, type AxisMethod } from '../../engine/math/axis-map';
import { Random } from '../../engine/math/random';
import { clebschGordan, couples } from '../../engine/math/so3/clebsch-gordan';
import { channelStarts, dimension, parseIrreps } from '../../engine/math/so3/irreps';
import { lattice } from '../../engine/math/so3/lattice';
import { sphericalHarmonics } from '../../engine/math/so3/spherical-harmonics';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { multiplyAdds } from '../../engine/model/multiply-adds';
import type { SteerableConvolutionAttributes } from '../../engine/ops/operators';
import { resample } from '../../engine/ops/reference/resample';
import { steerableConvolution } from '../../engine/ops/reference/steerable-convolution';

interface Values { shape: number[]; data: Float64Array }
function random(name: string, ...shape: number[]): Values {
  const stream = Random.stream(0, name);
  return { shape, data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()) };
}

/** The factorised steerable convolution in plain loops, counting each product; zeros beside it are read and counted, planes beyond it are not made. */
function countedSteerableConvolution(x: Values, weight: Values, self: Values, { irrepsIn, irrepsOut, harmonics, lattice: spec }: SteerableConvolutionAttributes): { y: number[]; count: number } {
  let count = 0;
  const times = (a: number, b: number): number => (count++, a * b);
  const { taps, points } = lattice(spec);
  const radii = [...new Set(taps.map(({ radius }) => radius.toFixed(6)))];
  const shells = radii.map((radius) => taps.filter((tap) => tap.radius.toFixed(6) === radius));
  const [nz, ny, nx] = x.shape.slice(1, 4);
  const [channelsIn, channelsOut] = [dimension(irrepsIn), dimension(irrepsOut)];
  const [startsIn, startsOut] = [channelStarts(irrepsIn), channelStarts(irrepsOut)];
  const paths = pathsOf(irrepsIn, irrepsOut, harmonics);
  const columns = weightsOf(paths);
  const read = (z: number, y: number, x0: number, c: number): number => (z < 0 || y < 0 || x0 < 0 || z >= nz || y >= ny || x0 >= nx ? 0 : x.data[((z * ny + y) * nx + x0) * channelsIn + c]);
  // patterns over (x, z) are summed once for each voxel they are centred on, whichever harmonics read them from whichever plane
  const maps = new Map<string, number>();
  const map = (pattern: readonly { dx: number; dz: number; value: number }[], z: number, y: number, x0: number, c: number): number => {
    if (y < 0 || y >= ny) return 0;
    const key = `${pattern.map(({ dx, dz, value }) => `${dx} ${dz} ${value.toFixed(6)}`).join()} at ${x0} ${y} ${z} ${c}`;
    if (!maps.has(key)) maps.set(key, pattern.reduce((sum, { dx, dz, value }) => sum + times(value, read(z + dz, y, x0 + dx, c)), 0));
    return maps.get(key)!;
  };
  const y: number[] = [];
  for (let z0 = 0; z0 < nz; z0++) for (let y0 = 0; y0 < ny; y0++) for (let x0 = 0; x0 < nx; x0++) {
    const out = new Array<number>(channelsOut).fill(0);
    // [degree][component in][harmonic][function]
    const functions = harmonics.map(({ degree }) => Array.from({ length: channelsIn }, (_, c) => Array.from({ length: 2 * degree + 1 }, (_, j) => {
      const sums = new Array<number>(spec.radialFunctions).fill(0);
      for (const shell of shells) {
        if (degree > 0 && shell[0].radius === 0) continue;
        let sum = 0;
        for (const dy of new Set(shell.map(({ offset }) => offset[1]))) {
          const plane = shell.filter(({ offset }) => offset[1] === dy).map(({ offset, point }) => ({ dx: offset[0], dz: offset[2], value: sphericalHarmonics(degree, point)[degree ** 2 + j] })).filter(({ value }) => Math.abs(value) > 1e-9);
          if (plane.length > 0) sum += times(plane[0].value, map(plane.map((tap) => ({ ...tap, value: tap.value / plane[0].value })), z0, y0 + dy, x0, c));
        }
        shell[0].basis.forEach((value, b) => { if (value !== 0) sums[b] += times(value, sum); });
      }
      return sums;
    })));
    const alive = harmonics.map(({ degree }) => Array.from({ length: spec.radialFunctions }, (_, b) => b).filter((b) => shells.some(([tap]) => (degree === 0 || tap.radius > 0) && tap.basis[b] !== 0)));
    // streams are made once for each copy, harmonic and kind of output, whatever the number of entries out
    const streams = new Map<string, number[]>();
    const stream = (entry: number, u: number, h: number, degreeOut: number, b: number): number[] => {
      const key = `${entry} ${u} ${h} ${degreeOut} ${b}`;
      if (!streams.has(key)) {
        const [degreeIn, degree] = [irrepsIn[entry].degree, harmonics[h].degree];
        const coupling = clebschGordan(degreeIn, degree, degreeOut);
        const [n, o] = [2 * degree + 1, 2 * degreeOut + 1];
        const made = new Array<number>(o).fill(0);
        coupling.forEach((value, at) => {
          if (Math.abs(value) > 1e-9) made[at % o] += times(value, functions[h][startsIn[entry] + u * (2 * degreeIn + 1) + Math.floor(at / (n * o))][Math.floor(at / o) % n][b]);
        });
        streams.set(key, made);
      }
      return streams.get(key)!;
    };
    for (const { entryIn, entryOut, degree, offset, multiplicityIn, multiplicityOut, coefficient } of paths) {
      const h = harmonics.findIndex((harmonic) => harmonic.degree === degree);
      const degreeOut = irrepsOut[entryOut].degree;
      expect(couples(irrepsIn[entryIn].degree, degree, degreeOut)).toBe(true);
      for (const b of alive[h]) for (let u = 0; u < multiplicityIn; u++) for (let w = 0; w < multiplicityOut; w++)
        stream(entryIn, u, h, degreeOut, b).forEach((value, k) => { out[startsOut[entryOut] + w * (2 * degreeOut + 1) + k] += times((coefficient / points) * weight.data[b * columns + offset + u * multiplicityOut + w], value); });
    }
    for (const { entryIn, entryOut, offset, multiplicityIn, multiplicityOut, coefficient } of selfPathsOf(irrepsIn, irrepsOut)) {
      const size = 2 * irrepsOut[entryOut].degree + 1;
      for (let u = 0; u < multiplicityIn; u++) for (let w = 0; w < multiplicityOut; w++) for (let k = 0; k < size; k++)
        out[startsOut[entryOut] + w * size + k] += times(coefficient * self.data[offset + u * multiplicityOut + w], read(z0, y0, x0, startsIn[entryIn] + u * size + k));
    }
    y.push(...out);
  }
  return { y, count };
}

/** As tall as a kernel, so that every plane is read through every pattern. */
const volume = [1, 1, 5, 2];

describe('multiply-adds', () => {
  it.each([
    ['2x0e+1x1e', '1x0e+2x1e', '1x0e+1x1e', { diameter: 3, steps: [1, 1, 1], radialFunctions: 3, cutoff: false }],
    ['1x0e+1x2e', '2x0e+1x1e+1x2e', '1x0e+1x1e+1x2e', { diameter: 5, steps: [1, 1, 2], radialFunctions: 5, cutoff: true }],
    ['1x0e+1x1o', '1x0o+1x1o', '1x0e+1x1o+1x2e', { diameter: 3, steps: [1, 1, 1], radialFunctions: 4, cutoff: true }],
  ] as const)('of a steerable convolution %s -> %s are those of a plain factorised one that gives the right answer', (from, to, harmonicsText, spec) => {
    const [irrepsIn, irrepsOut, harmonics] = [from, to, harmonicsText].map(parseIrreps);
    const attributes = { irrepsIn, irrepsOut, harmonics, lattice: spec };
    const x = random('x', ...volume, dimension(irrepsIn));
    const weight = random('weight', spec.radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics)));
    const self = random('self', weightsOf(selfPathsOf(irrepsIn, irrepsOut)));
    const { y, count } = countedSteerableConvolution(x, weight, self, attributes);
    const expected = steerableConvolution({ x, weight, self }, attributes).y.data;
    y.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 9));
    const shapes = { x: x.shape, weight: weight.shape, self: self.shape };
    expect(multiplyAdds({ name: 'SteerableConvolution', shapes, attributes })).toBe(count);
    // both gradients: streams of dy in place of x, and two mixings instead of one
    const adjoint = countedSteerableConvolution(random('dy', ...volume, dimension(irrepsOut)), random('weight', spec.radialFunctions, weightsOf(pathsOf(irrepsOut, irrepsIn, harmonics))), self, { ...attributes, irrepsIn: irrepsOut, irrepsOut: irrepsIn });
    const backward = multiplyAdds({ name: 'SteerableConvolutionBackward', shapes: { ...shapes, dy: [...volume, dimension(irrepsOut)] }, attributes });
    expect(backward).toBeGreaterThan(adjoint.count);
    expect(backward).toBeLessThan(adjoint.count + count);
  });

  it('of an ordinary and a depthwise convolution are one for each voxel, tap and pair of channels', () => {
    let dense = 0;
    let depthwise = 0;
    for (let voxel = 0; voxel < 2 * 4 * 5 * 6; voxel++) for (let tap = 0; tap < 27; tap++) for (let a = 0; a < 3; a++) {
      depthwise++;
      for (let b = 0; b < 2; b++) dense++;
    }
    const [x, dy, weight] = [[2, 4, 5, 6, 3], [2, 4, 5, 6, 2], [3, 3, 3, 3, 2]];
    expect([
      multiplyAdds({ name: 'Convolution', shapes: { x, weight }, attributes: {} }),
      multiplyAdds({ name: 'ConvolutionBackwardInput', shapes: { dy, weight }, attributes: {} }),
      multiplyAdds({ name: 'ConvolutionBackwardWeight', shapes: { dy, x }, attributes: { kernelSize: 3 } }),
      multiplyAdds({ name: 'ConvolutionOfTwo', shapes: { a: [2, 4, 5, 6, 1], b: [2, 4, 5, 6, 2], weight }, attributes: {} }),
      multiplyAdds({ name: 'ConvolutionOfTwoBackwardWeight', shapes: { dy, a: [2, 4, 5, 6, 1], b: [2, 4, 5, 6, 2] }, attributes: { kernelSize: 3 } }),
    ]).toEqual(Array(5).fill(dense));
    expect(multiplyAdds({ name: 'DepthwiseConvolution', shapes: { x, weight: [3, 3, 3, 3] }, attributes: {} })).toBe(depthwise);
    expect(multiplyAdds({ name: 'DepthwiseConvolutionBackwardWeight', shapes: { dy: x, x }, attributes: { kernelSize: 3 } })).toBe(depthwise);
  });

  it.each(['linear', 'average', 'low-pass'] as const)('of a %s resampling are those of three passes along x, y and z that give the right answer', (method: AxisMethod) => {
    const attributes = { method, amount: [2, 1, 2], size: [4, 3, 6] } as const;
    const x = random('x', 1, 6, 3, 4, 2);
    let count = 0;
    let field = { shape: [4, 3, 6], at: (p: readonly number[], c: number): number => x.data[((p[2] * 3 + p[1]) * 4 + p[0]) * 2 + c] };
    for (const axis of [0, 1, 2]) {
      const taps = axisTaps(method, attributes.amount[axis], attributes.size[axis]);
      const before = field;
      const shape = before.shape.map((size, a) => (a === axis ? taps.length : size));
      const values = new Map<string, number>();
      for (let z = 0; z < shape[2]; z++) for (let y = 0; y < shape[1]; y++) for (let w = 0; w < shape[0]; w++) for (let c = 0; c < 2; c++) {
        const p = [w, y, z];
        values.set(`${p} ${c}`, taps[p[axis]].reduce((sum, [from, value]) => (count++, sum + value * before.at(p.map((one, a) => (a === axis ? from : one)), c)), 0));
      }
      field = { shape, at: (p, c) => values.get(`${p} ${c}`)! };
    }
    const { y } = resample({ x }, attributes);
    const [nz, ny, nx] = y.shape.slice(1, 4);
    for (let z = 0; z < nz; z++) for (let v = 0; v < ny; v++) for (let w = 0; w < nx; w++) for (let c = 0; c < 2; c++) expect(field.at([w, v, z], c)).toBeCloseTo(y.data[((z * ny + v) * nx + w) * 2 + c], 9);
    expect(multiplyAdds({ name: 'Resample', shapes: { x: x.shape }, attributes })).toBe(count);
  });

  it('of everything else are one for each element read', () => {
    expect(multiplyAdds({ name: 'LeakyReluBackward', shapes: { dy: [1, 2, 3, 4, 5], x: [1, 2, 3, 4, 5] }, attributes: { slope: 0.01 } })).toBe(240);
  });
});
