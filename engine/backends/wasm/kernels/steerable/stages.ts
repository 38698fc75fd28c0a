/**
 * @file The inner stages of the factorised steerable convolution, generated from the lattice (prototype and numbers: docs/performance.md):
 * A. in-plane maps and shell harmonics, B. Clebsch-Gordan coupling into streams, C. mixing of streams with the weights, and its adjoint for the weight gradient.
 */
import type { I32} from '../../assembler';
import { loadSplat, loadV128, V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../assembler';
import { couplingsFrom, degrees, outputScale } from './paths';
import { maximumDegree, type HarmonicTerm, type Stencil } from './stencil';
import { groupSize, maximumPlanes, streamsBetween, type ScratchLayout, type TileShape } from './tile-shape';

const componentsPerShell = (maximumDegree + 1) ** 2;
const componentIndex = (degree: number, component: number) => degree * degree + component;

export interface Stages {
  /** (gathered plane, maps of the plane, row sums). */
  readonly mapPlane: FunctionReference;
  /** By degree of the input: (maps at the first plane of the window, streams towards degree 0, 1, 2, harmonics). */
  readonly couple: readonly FunctionReference[];
  /** By number of output copies in the block (index 1, 2): (accumulator, stride of copies, streams, number of streams, weights, components, stride of components). */
  readonly mix: Readonly<Record<number, FunctionReference>>;
  /** By number of output copies in the block (1 to 4): (weight gradient, gradient of the output, stride of copies, streams, number of streams, components, stride of components). */
  readonly correlate: Readonly<Record<number, FunctionReference>>;
}

export function emitStages(m: ModuleBuilder, stencil: Stencil, tile: TileShape, layout: ScratchLayout): Stages {
  return {
    mapPlane: emitMapPlane(m, stencil, tile, layout),
    couple: degrees.map((degree) => (degree === 0 ? emitScalarStreams(m, stencil, layout) : emitCoupledStreams(m, stencil, layout, degree))),
    mix: { 1: emitMix(m, layout, 1), 2: emitMix(m, layout, 2) },
    correlate: Object.fromEntries([1, 2, 3, 4].map((copies) => [copies, emitCorrelate(m, layout, copies)])),
  };
}

/** Sum of terms with as few multiplications as their coefficients allow. */
function combine(terms: readonly { coefficient: number; value: V128 }[]): V128 {
  const unitFirst = [...terms].sort((a, b) => Number(Math.abs(a.coefficient) !== 1) - Number(Math.abs(b.coefficient) !== 1) || b.coefficient - a.coefficient);
  return unitFirst.reduce<V128 | undefined>((sum, { coefficient, value }) => {
    const magnitude = Math.abs(coefficient);
    const product = magnitude === 1 ? value : value.mul(magnitude);
    if (!sum) return coefficient > 0 ? product : value.mul(coefficient);
    return coefficient > 0 ? sum.add(product) : sum.sub(product);
  }, undefined) ?? V128.of(0);
}

/** Values that are used more than once become locals, the others stay in the expression. */
class Shared {
  private readonly locals = new Map<string, V128>();
  private readonly uses = new Map<string, number>();
  constructor(private readonly f: FunctionBuilder) {}
  count(key: string): void {
    this.uses.set(key, (this.uses.get(key) ?? 0) + 1);
  }
  value(key: string, make: () => V128): V128 {
    const known = this.locals.get(key);
    if (known) return known;
    if ((this.uses.get(key) ?? 0) < 2) return make();
    const local = this.f.v128(make());
    this.locals.set(key, local);
    return local;
  }
}

/** Even and odd sums along x of every row, then the patterns over (x, z). */
function emitMapPlane(m: ModuleBuilder, { reach, maps }: Stencil, { width, height }: TileShape, { rowStride, streamStride }: ScratchLayout): FunctionReference {
  const firstColumn = 4;
  const rowSumStride = 2 * reach * width;
  return m.function(['i32', 'i32', 'i32'], (f: FunctionBuilder, plane: I32, map: I32, sums: I32) => {
    const row = f.i32(plane);
    const sum = f.i32(sums);
    const nextRow = () => {
      f.advance(row, (rowStride - width) * 4);
      f.advance(sum, (rowSumStride - width) * 4);
    };
    f.times(height + 2 * reach, () => {
      f.times(width / 4, () => {
        for (let d = 1; d <= reach; d++) {
          const right = f.v128(loadV128(row, (firstColumn + d) * 4));
          const left = f.v128(loadV128(row, (firstColumn - d) * 4));
          f.store(sum, right.add(left), (d - 1) * 2 * width * 4);
          f.store(sum, right.sub(left), ((d - 1) * 2 + 1) * width * 4);
        }
        f.advance(row, 16);
        f.advance(sum, 16);
      });
      nextRow();
    });
    f.set(row, plane);
    f.set(sum, sums);
    // value along x at row dz: the voxel itself, or the even or odd sum at distance d
    const along = (d: number, odd: boolean, dz: number): V128 =>
      d === 0 ? loadV128(row, ((dz + reach) * rowStride + firstColumn) * 4) : loadV128(sum, ((dz + reach) * rowSumStride + ((d - 1) * 2 + Number(odd)) * width) * 4);
    const patterns = maps.map((taps) => {
      const at = (dx: number, dz: number) => taps.find((tap) => tap.dx === dx && tap.dz === dz)?.coefficient ?? 0;
      const terms: { d: number; oddX: boolean; dz: number; oddZ: boolean; coefficient: number }[] = [];
      for (let d = 0; d <= reach; d++)
        for (let dz = 0; dz <= reach; dz++) {
          const coefficient = at(d, dz);
          if (!coefficient) continue;
          terms.push({ d, dz, oddX: d > 0 && at(-d, dz) === -coefficient, oddZ: dz > 0 && at(d, -dz) === -coefficient, coefficient });
        }
      return terms;
    });
    const key = (t: { d: number; oddX: boolean; dz: number; oddZ: boolean }) => `${t.d}${t.oddX}${t.dz}${t.oddZ}`;
    f.times(height, () => {
      f.times(width / 4, () => {
        const shared = new Shared(f);
        patterns.flat().forEach((term) => shared.count(key(term)));
        patterns.forEach((terms, i) => {
          const values = terms.map((t) => ({
            coefficient: t.coefficient,
            value: shared.value(key(t), () => {
              const there = along(t.d, t.oddX, t.dz);
              if (t.dz === 0) return there;
              const back = along(t.d, t.oddX, -t.dz);
              return t.oddZ ? there.sub(back) : there.add(back);
            }),
          }));
          f.store(map, combine(values), i * streamStride * 4);
        });
        f.advance(row, 16);
        f.advance(sum, 16);
        f.advance(map, 16);
      });
      nextRow();
    });
  });
}

/** All harmonics of one shell from the maps of the planes around; `map` points at plane -reach. */
function harmonicSums(f: FunctionBuilder, { reach, harmonics }: Stencil, { streamStride, mapPlaneStride }: ScratchLayout, map: I32, store: (shell: number, degree: number, component: number, value: V128 | undefined) => void): void {
  const load = (i: number, dy: number) => loadV128(map, ((dy + reach) * mapPlaneStride + i * streamStride) * 4);
  const pairs = (terms: readonly HarmonicTerm[]) =>
    terms
      .filter(({ dy }) => dy >= 0)
      .map(({ map: i, dy, coefficient }) => {
        const mirrored = terms.find((term) => term.map === i && term.dy === -dy)!;
        return { map: i, dy, coefficient, odd: dy > 0 && mirrored.coefficient === -coefficient };
      });
  for (const [shell, byDegree] of harmonics.entries()) {
    const shared = new Shared(f);
    const key = (p: { map: number; dy: number; odd: boolean }) => `${p.map} ${p.dy} ${p.odd}`;
    byDegree.flat().forEach((terms) => pairs(terms).forEach((pair) => shared.count(key(pair))));
    byDegree.forEach((components, degree) =>
      components.forEach((terms, component) => {
        const values = pairs(terms).map((pair) => ({
          coefficient: pair.coefficient,
          value: shared.value(key(pair), () => {
            if (pair.dy === 0) return load(pair.map, 0);
            return pair.odd ? load(pair.map, pair.dy).sub(load(pair.map, -pair.dy)) : load(pair.map, pair.dy).add(load(pair.map, -pair.dy));
          }),
        }));
        store(shell, degree, component, values.length ? combine(values) : undefined);
      }),
    );
  }
}

const streamOffset = (stencil: Stencil, layout: ScratchLayout, degreeIn: number, degreeOut: number, component: number, stream: number) =>
  (component * groupSize[degreeIn]! * streamsBetween(stencil, degreeIn, degreeOut) + stream) * layout.streamStride * 4;

/** From scalars every harmonic is a stream as it is. */
function emitScalarStreams(m: ModuleBuilder, stencil: Stencil, layout: ScratchLayout): FunctionReference {
  return m.function(['i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, map: I32, to0: I32, to1: I32, to2: I32) => {
    const to = [to0, to1, to2];
    f.times(layout.voxels / 4, () => {
      harmonicSums(f, stencil, layout, map, (shell, degree, component, value) => f.store(to[degree]!, value ?? V128.of(0), streamOffset(stencil, layout, 0, degree, component, shell)));
      f.store(to0, centre(stencil, layout, map), streamOffset(stencil, layout, 0, 0, 0, stencil.radii.length));
      for (const pointer of [map, ...to]) f.advance(pointer, 16);
    });
  });
}

const centre = (stencil: Stencil, layout: ScratchLayout, map: I32): V128 => loadV128(map, (stencil.reach * layout.mapPlaneStride + stencil.centreMap * layout.streamStride) * 4);

/** From vectors and rank-2 tensors: harmonics of each component, then the couplings. */
function emitCoupledStreams(m: ModuleBuilder, stencil: Stencil, layout: ScratchLayout, degreeIn: number): FunctionReference {
  const components = 2 * degreeIn + 1;
  const shells = stencil.radii.length;
  const harmonicOffset = (component: number, shell: number, degree: number, i: number) => ((component * shells + shell) * componentsPerShell + componentIndex(degree, i)) * 16;
  const componentStride = (maximumPlanes + 2 * stencil.reach) * layout.mapPlaneStride * 4;
  return m.function(['i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, maps: I32, to0: I32, to1: I32, to2: I32, harmonics: I32) => {
    const to = [to0, to1, to2];
    const map = f.i32();
    f.times(layout.voxels / 4, () => {
      f.set(map, maps);
      for (let i = 0; i < components; i++) {
        harmonicSums(f, stencil, layout, map, (shell, degree, component, value) => {
          if (value) f.store(harmonics, value, harmonicOffset(i, shell, degree, component));
        });
        const scale = 1 / outputScale(degreeIn, i);
        f.store(to[degreeIn]!, scale === 1 ? centre(stencil, layout, map) : centre(stencil, layout, map).mul(scale), streamOffset(stencil, layout, degreeIn, degreeIn, i, streamsBetween(stencil, degreeIn, degreeIn) - 1));
        if (i < components - 1) f.advance(map, componentStride);
      }
      for (let shell = 0; shell < shells; shell++) {
        const loaded = new Map<string, V128>();
        const harmonic = (i: number, degree: number, j: number): V128 | undefined => {
          if (!stencil.harmonics[shell]![degree]![j]!.length) return undefined;
          const key = `${i} ${degree} ${j}`;
          if (!loaded.has(key)) loaded.set(key, f.v128(loadV128(harmonics, harmonicOffset(i, shell, degree, j))));
          return loaded.get(key)!;
        };
        for (const { degree, degreeOut, coefficients, place } of couplingsFrom(degreeIn)) {
          const [n, o] = [2 * degree + 1, 2 * degreeOut + 1];
          for (let k = 0; k < o; k++) {
            const terms = [];
            for (let i = 0; i < components; i++)
              for (let j = 0; j < n; j++) {
                const coefficient = coefficients[(i * n + j) * o + k]!;
                const value = coefficient ? harmonic(i, degree, j) : undefined;
                if (value) terms.push({ coefficient, value });
              }
            f.store(to[degreeOut]!, combine(terms), streamOffset(stencil, layout, degreeIn, degreeOut, k, place * shells + shell));
          }
        }
      }
      for (const pointer of [maps, ...to]) f.advance(pointer, 16);
    });
  });
}

/** accumulator[copy][voxel] += sum over streams of weight[stream][copy] stream[voxel], for each component. Eight accumulators: more would spill. */
function emitMix(m: ModuleBuilder, { voxels, streamStride }: ScratchLayout, copies: number): FunctionReference {
  const vectors = 4;
  return m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, accumulator: I32, copyStride: I32, streams: I32, count: I32, weights: I32, components: I32, componentStride: I32) => {
    const [y, stream, weight, first, row] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
    const sums = Array.from({ length: copies }, () => Array.from({ length: vectors }, () => f.v128()));
    const values = Array.from({ length: vectors }, () => f.v128());
    const w = f.v128();
    const rows = (each: (copy: number) => void) => {
      f.set(row, y);
      for (let copy = 0; copy < copies; copy++) {
        each(copy);
        if (copy < copies - 1) f.advance(row, copyStride);
      }
    };
    f.times(components, () => {
      f.set(first, streams);
      f.set(y, accumulator);
      f.times(voxels / 4 / vectors, () => {
        rows((copy) => sums[copy]!.forEach((sum, v) => f.set(sum, loadV128(row, v * 16))));
        f.set(stream, first);
        f.set(weight, weights);
        f.times(count, () => {
          values.forEach((value, v) => f.set(value, loadV128(stream, v * 16)));
          for (let copy = 0; copy < copies; copy++) {
            f.set(w, loadSplat(weight, copy * 4));
            sums[copy]!.forEach((sum, v) => f.set(sum, f.multiplyAdd(w, values[v]!, sum)));
          }
          f.advance(stream, streamStride * 4);
          f.advance(weight, copies * 4);
        });
        rows((copy) => sums[copy]!.forEach((sum, v) => f.store(row, sum, v * 16)));
        f.advance(y, vectors * 16);
        f.advance(first, vectors * 16);
      });
      f.advance(accumulator, voxels * 4);
      f.advance(streams, componentStride);
    });
  });
}

/** gradient[stream][copy] (four lanes) += sum over components and voxels of stream[voxel] dy[copy][voxel]. */
function emitCorrelate(m: ModuleBuilder, { voxels, streamStride }: ScratchLayout, copies: number): FunctionReference {
  return m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, gradient: I32, dy: I32, copyStride: I32, streams: I32, count: I32, components: I32, componentStride: I32) => {
    const [stream, plane, at, g, row] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
    const block = (rowsAtOnce: number) => {
      const sums = Array.from({ length: rowsAtOnce }, () => Array.from({ length: copies }, () => f.v128()));
      const values = Array.from({ length: rowsAtOnce }, () => f.v128());
      const other = f.v128();
      sums.flat().forEach((sum, i) => f.set(sum, loadV128(gradient, i * 16)));
      f.set(stream, streams);
      f.set(plane, dy);
      f.times(components, () => {
        f.set(at, stream);
        f.set(g, plane);
        f.times(voxels / 4, () => {
          values.forEach((value, r) => f.set(value, loadV128(at, r * streamStride * 4)));
          f.set(row, g);
          for (let copy = 0; copy < copies; copy++) {
            f.set(other, loadV128(row));
            values.forEach((value, r) => f.set(sums[r]![copy]!, f.multiplyAdd(value, other, sums[r]![copy]!)));
            if (copy < copies - 1) f.advance(row, copyStride);
          }
          f.advance(at, 16);
          f.advance(g, 16);
        });
        f.advance(stream, componentStride);
        f.advance(plane, voxels * 4);
      });
      sums.flat().forEach((sum, i) => f.store(gradient, sum, i * 16));
      f.advance(gradient, rowsAtOnce * copies * 16);
      f.advance(streams, rowsAtOnce * streamStride * 4);
    };
    f.times(count.shr(1), () => block(2));
    f.if(count.and(1), () => block(1));
  });
}
