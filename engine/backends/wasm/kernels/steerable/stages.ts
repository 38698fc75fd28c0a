/**
 * @file The inner stages of the factorised steerable convolution, generated from the lattice (measured in docs/performance.md):
 * A. in-plane maps and shell harmonics, B. Clebsch-Gordan coupling into streams, C. mixing of streams with the weights, and its adjoint for the weight gradient.
 */
import type { I32} from '../../assembler';
import { loadSplat, type V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../assembler';
import { outputScale } from './couplings';
import type { HarmonicTerm, Stencil } from './stencil';
import type { StreamPlan, Target } from './stream-plan';
import { groupSize, harmonicsOf, maximumPlanes, type ScratchLayout, type TileShape } from './tile-shape';

/** Voxels side by side, and their bytes. */
const eight = 8;
export const eightBytes = 4 * eight;

export interface Stages {
  /** (gathered plane, maps of the plane, row sums). */
  readonly mapPlane: FunctionReference;
  /** By degree of the input, where the plan has targets: (maps at the first plane of the window, harmonics, streams towards each target). */
  readonly couple: readonly (FunctionReference | undefined)[];
  /** By number of output copies in the block (index 1, 2): (accumulator, stride of copies, streams, number of streams, weights, components, stride of components). */
  readonly mix: Readonly<Record<number, FunctionReference>>;
  /** By number of output copies in the block (1 to 4): (weight gradient, gradient of the output, stride of copies, streams, number of streams, components, stride of components). */
  readonly correlate: Readonly<Record<number, FunctionReference>>;
}

export function emitStages(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, tile: TileShape, layout: ScratchLayout): Stages {
  return {
    mapPlane: emitMapPlane(m, stencil, tile, layout),
    couple: plan.map((targets, degree) => (targets.length === 0 ? undefined : degree === 0 ? emitScalarStreams(m, stencil, targets, layout) : emitCoupledStreams(m, stencil, targets, layout, degree))),
    mix: { 1: emitMix(m, layout, 1), 2: emitMix(m, layout, 2) },
    correlate: Object.fromEntries([1, 2, 3, 4].map((copies) => [copies, emitCorrelate(m, layout, copies)])),
  };
}

/** Sum of terms with as few multiplications as their coefficients allow. */
export function combine(f: FunctionBuilder, terms: readonly { coefficient: number; value: V128 }[]): V128 {
  const unitFirst = [...terms].sort((a, b) => Number(Math.abs(a.coefficient) !== 1) - Number(Math.abs(b.coefficient) !== 1) || b.coefficient - a.coefficient);
  return unitFirst.reduce<V128 | undefined>((sum, { coefficient, value }) => {
    if (!sum) return coefficient === 1 ? value : value.mul(f.constant(coefficient));
    if (Math.abs(coefficient) !== 1) return f.multiplyAdd(value, f.constant(coefficient), sum);
    return coefficient === 1 ? sum.add(value) : sum.sub(value);
  }, undefined) ?? f.inEight(0);
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
function emitMapPlane(m: ModuleBuilder, { reach: [reachX, , reachZ], maps }: Stencil, { width, height }: TileShape, { rowStride, streamStride }: ScratchLayout): FunctionReference {
  const firstColumn = 4;
  const rowSumStride = 2 * reachX * width;
  // rows of whole eights eight at a time, others four at a time
  const bytes = width % eight === 0 ? eightBytes : eightBytes / 2;
  const define = (build: (f: FunctionBuilder, plane: I32, map: I32, sums: I32) => void) => (bytes === eightBytes ? m.functionOfEight([16, 16, 16], build) : m.function(['i32', 'i32', 'i32'], build));
  return define((f, plane, map, sums) => {
    const row = f.i32(plane);
    const sum = f.i32(sums);
    const nextRow = () => {
      f.advance(row, (rowStride - width) * 4);
      f.advance(sum, (rowSumStride - width) * 4);
    };
    f.times(height + 2 * reachZ, () => {
      f.times((width * 4) / bytes, () => {
        for (let d = 1; d <= reachX; d++) {
          const right = f.v128(f.loadEight(row, (firstColumn + d) * 4));
          const left = f.v128(f.loadEight(row, (firstColumn - d) * 4));
          f.store(sum, right.add(left), (d - 1) * 2 * width * 4);
          f.store(sum, right.sub(left), ((d - 1) * 2 + 1) * width * 4);
        }
        f.advance(row, bytes);
        f.advance(sum, bytes);
      });
      nextRow();
    });
    f.set(row, plane);
    f.set(sum, sums);
    // value along x at row dz: the voxel itself, or the even or odd sum at distance d
    const along = (d: number, odd: boolean, dz: number): V128 =>
      d === 0 ? f.loadEight(row, ((dz + reachZ) * rowStride + firstColumn) * 4) : f.loadEight(sum, ((dz + reachZ) * rowSumStride + ((d - 1) * 2 + Number(odd)) * width) * 4);
    const patterns = maps.map((taps) => {
      const at = (dx: number, dz: number) => taps.find((tap) => tap.dx === dx && tap.dz === dz)?.coefficient ?? 0;
      const terms: { d: number; oddX: boolean; dz: number; oddZ: boolean; coefficient: number }[] = [];
      for (let d = 0; d <= reachX; d++)
        for (let dz = 0; dz <= reachZ; dz++) {
          const coefficient = at(d, dz);
          if (!coefficient) continue;
          terms.push({ d, dz, oddX: d > 0 && at(-d, dz) === -coefficient, oddZ: dz > 0 && at(d, -dz) === -coefficient, coefficient });
        }
      return terms;
    });
    const key = (t: { d: number; oddX: boolean; dz: number; oddZ: boolean }) => `${t.d}${t.oddX}${t.dz}${t.oddZ}`;
    f.times(height, () => {
      f.times((width * 4) / bytes, () => {
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
          f.store(map, combine(f, values), i * streamStride * 4);
        });
        f.advance(row, bytes);
        f.advance(sum, bytes);
        f.advance(map, bytes);
      });
      nextRow();
    });
  });
}

/** All harmonics of the degrees given, in each of their radial streams, from the maps of the planes around; `map` points at the lowest plane of the window. */
function harmonicSums(f: FunctionBuilder, { reach: [, reach], harmonics, radial }: Stencil, { streamStride, mapPlaneStride }: ScratchLayout, wanted: ReadonlySet<number>, map: I32, store: (degree: number, stream: number, component: number, value: V128 | undefined) => void): void {
  const load = (i: number, dy: number) => f.loadEight(map, ((dy + reach) * mapPlaneStride + i * streamStride) * 4);
  const pairs = (terms: readonly HarmonicTerm[]) =>
    terms
      .filter(({ dy }) => dy >= 0)
      .map(({ map: i, dy, coefficient }) => {
        const mirrored = terms.find((term) => term.map === i && term.dy === -dy)!;
        return { map: i, dy, coefficient, odd: dy > 0 && mirrored.coefficient === -coefficient };
      });
  const pairKey = (p: { map: number; dy: number; odd: boolean }) => `${p.map} ${p.dy} ${p.odd}`;
  const shellKey = (degree: number, component: number, shell: number) => `${degree} ${component} shell ${shell}`;
  const shared = new Shared(f);
  const shellSums = (degree: number, component: number, visit: (shell: number, terms: readonly HarmonicTerm[], coefficient: number, stream: number) => void) =>
    radial[degree]!.forEach(({ shells }, stream) =>
      shells.forEach(({ shell, coefficient }) => {
        const terms = harmonics[shell]![degree]![component]!;
        if (terms.length) visit(shell, terms, coefficient, stream);
      }),
    );
  const components = [...wanted].flatMap((degree) => Array.from({ length: 2 * degree + 1 }, (_, component) => ({ degree, component })));
  for (const { degree, component } of components) {
    const counted = new Set<number>();
    shellSums(degree, component, (shell, terms) => {
      shared.count(shellKey(degree, component, shell));
      if (!counted.has(shell)) pairs(terms).forEach((pair) => shared.count(pairKey(pair)));
      counted.add(shell);
    });
  }
  for (const { degree, component } of components) {
    const streams: { coefficient: number; value: V128 }[][] = radial[degree]!.map(() => []);
    shellSums(degree, component, (shell, terms, coefficient, stream) => {
      const value = shared.value(shellKey(degree, component, shell), () =>
        combine(
          f,
          pairs(terms).map((pair) => ({
            coefficient: pair.coefficient,
            value: shared.value(pairKey(pair), () => {
              if (pair.dy === 0) return load(pair.map, 0);
              return pair.odd ? load(pair.map, pair.dy).sub(load(pair.map, -pair.dy)) : load(pair.map, pair.dy).add(load(pair.map, -pair.dy));
            }),
          })),
        ),
      );
      streams[stream]!.push({ coefficient, value });
    });
    streams.forEach((terms, stream) => store(degree, stream, component, terms.length ? combine(f, terms) : undefined));
  }
}

const streamOffset = (layout: ScratchLayout, degreeIn: number, { streams }: Target, component: number, stream: number) => (component * groupSize[degreeIn]! * streams + stream) * layout.streamStride * 4;
const wantedHarmonics = (targets: readonly Target[]): ReadonlySet<number> => new Set(targets.flatMap(({ couplings }) => couplings.map(({ degree }) => degree)));
const centre = (f: FunctionBuilder, { reach, centreMap }: Stencil, layout: ScratchLayout, map: I32, offset = 0): V128 => f.loadEight(map, offset + (reach[1] * layout.mapPlaneStride + centreMap * layout.streamStride) * 4);

/** From scalars every harmonic is a stream as it is. */
function emitScalarStreams(m: ModuleBuilder, stencil: Stencil, targets: readonly Target[], layout: ScratchLayout): FunctionReference {
  return m.functionOfEight([16, 16, ...targets.map(() => 16)], (f: FunctionBuilder, map: I32, _harmonics: I32, ...to: I32[]) => {
    f.times(layout.voxels / eight, () => {
      harmonicSums(f, stencil, layout, wantedHarmonics(targets), map, (degree, stream, component, value) =>
        targets.forEach((target, t) => {
          if (target.couplings.some((coupling) => coupling.degree === degree)) f.store(to[t]!, value ?? f.inEight(0), streamOffset(layout, 0, target, component, stream));
        }),
      );
      targets.forEach((target, t) => {
        if (target.self) f.store(to[t]!, centre(f, stencil, layout, map), streamOffset(layout, 0, target, 0, target.streams - 1));
      });
      for (const pointer of [map, ...to]) f.advance(pointer, eightBytes);
    });
  });
}

/** From vectors and tensors: harmonics of each component, then the couplings. */
function emitCoupledStreams(m: ModuleBuilder, stencil: Stencil, targets: readonly Target[], layout: ScratchLayout, degreeIn: number): FunctionReference {
  const components = 2 * degreeIn + 1;
  const wanted = wantedHarmonics(targets);
  const starts = stencil.radial.map((_, degree) => stencil.radial.slice(0, degree).reduce((sum, streams, l) => sum + streams.length * (2 * l + 1), 0));
  const componentBytes = harmonicsOf(stencil) * eightBytes;
  const harmonicOffset = (degree: number, stream: number, i: number) => (starts[degree]! + stream * (2 * degree + 1) + i) * eightBytes;
  const vanishing = new Set<string>();
  const componentStride = (maximumPlanes + 2 * stencil.reach[1]) * layout.mapPlaneStride * 4;
  return m.functionOfEight([16, 16, ...targets.map(() => 16)], (f: FunctionBuilder, maps: I32, harmonics: I32, ...to: I32[]) => {
    const [map, sums] = [f.i32(), f.i32()];
    f.times(layout.voxels / eight, () => {
      f.set(map, maps);
      f.set(sums, harmonics);
      f.times(components, () => {
        harmonicSums(f, stencil, layout, wanted, map, (degree, stream, component, value) => {
          if (value) f.store(sums, value, harmonicOffset(degree, stream, component));
          else vanishing.add(`${degree} ${stream} ${component}`);
        });
        f.advance(map, componentStride);
        f.advance(sums, componentBytes);
      });
      targets.forEach((target, t) => {
        if (!target.self) return;
        for (let i = 0; i < components; i++) {
          const value = centre(f, stencil, layout, maps, i * componentStride);
          const scale = 1 / outputScale(degreeIn, i);
          f.store(to[t]!, scale === 1 ? value : value.mul(f.constant(scale)), streamOffset(layout, degreeIn, target, i, target.streams - 1));
        }
      });
      for (const degree of wanted)
        stencil.radial[degree]!.forEach((_, stream) => {
          const loaded = new Map<string, V128>();
          const harmonic = (i: number, j: number): V128 | undefined => {
            if (vanishing.has(`${degree} ${stream} ${j}`)) return undefined;
            const key = `${i} ${j}`;
            if (!loaded.has(key)) loaded.set(key, f.v128(f.loadEight(harmonics, i * componentBytes + harmonicOffset(degree, stream, j))));
            return loaded.get(key)!;
          };
          targets.forEach((target, t) =>
            target.couplings
              .filter((coupling) => coupling.degree === degree)
              .forEach(({ degreeOut, coefficients, first }) => {
                const [n, o] = [2 * degree + 1, 2 * degreeOut + 1];
                for (let k = 0; k < o; k++) {
                  const terms = [];
                  for (let i = 0; i < components; i++)
                    for (let j = 0; j < n; j++) {
                      const coefficient = coefficients[(i * n + j) * o + k]!;
                      const value = coefficient ? harmonic(i, j) : undefined;
                      if (value) terms.push({ coefficient, value });
                    }
                  f.store(to[t]!, combine(f, terms), streamOffset(layout, degreeIn, target, k, first + stream));
                }
              }),
          );
        });
      for (const pointer of [maps, ...to]) f.advance(pointer, eightBytes);
    });
  });
}

/** accumulator[copy][voxel] += sum over streams of weight[stream][copy] stream[voxel], for each component. Eight accumulators or six: more would spill. */
function emitMix(m: ModuleBuilder, { voxels, streamStride }: ScratchLayout, copies: number): FunctionReference {
  const vectors = (voxels / eight) % 4 === 0 ? 4 : 3;
  return m.functionOfEight([16, 0, 16, 0, 0, 0, 0], (f: FunctionBuilder, accumulator: I32, copyStride: I32, streams: I32, count: I32, weights: I32, components: I32, componentStride: I32) => {
    const [y, stream, weight, first, row] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
    const sums = Array.from({ length: copies }, () => Array.from({ length: vectors }, () => f.eight()));
    const values = Array.from({ length: vectors }, () => f.eight());
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
      f.times(voxels / eight / vectors, () => {
        rows((copy) => sums[copy]!.forEach((sum, v) => f.set(sum, f.loadEight(row, v * eightBytes))));
        f.set(stream, first);
        f.set(weight, weights);
        f.times(count, () => {
          values.forEach((value, v) => f.set(value, f.loadEight(stream, v * eightBytes)));
          for (let copy = 0; copy < copies; copy++) {
            f.set(w, loadSplat(weight, copy * 4));
            sums[copy]!.forEach((sum, v) => f.set(sum, f.multiplyAdd(w, values[v]!, sum)));
          }
          f.advance(stream, streamStride * 4);
          f.advance(weight, copies * 4);
        });
        rows((copy) => sums[copy]!.forEach((sum, v) => f.store(row, sum, v * eightBytes)));
        f.advance(y, vectors * eightBytes);
        f.advance(first, vectors * eightBytes);
      });
      f.advance(accumulator, voxels * 4);
      f.advance(streams, componentStride);
    });
  });
}

/** gradient[stream][copy] (eight lanes) += sum over components and voxels of stream[voxel] dy[copy][voxel]. */
function emitCorrelate(m: ModuleBuilder, { voxels, streamStride }: ScratchLayout, copies: number): FunctionReference {
  return m.functionOfEight([16, 16, 0, 16, 0, 0, 0], (f: FunctionBuilder, gradient: I32, dy: I32, copyStride: I32, streams: I32, count: I32, components: I32, componentStride: I32) => {
    const [stream, plane, at, g, row] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
    const block = (rowsAtOnce: number) => {
      const sums = Array.from({ length: rowsAtOnce }, () => Array.from({ length: copies }, () => f.eight()));
      const values = Array.from({ length: rowsAtOnce }, () => f.eight());
      const other = f.eight();
      sums.flat().forEach((sum, i) => f.set(sum, f.loadEight(gradient, i * eightBytes)));
      f.set(stream, streams);
      f.set(plane, dy);
      f.times(components, () => {
        f.set(at, stream);
        f.set(g, plane);
        f.times(voxels / eight, () => {
          values.forEach((value, r) => f.set(value, f.loadEight(at, r * streamStride * 4)));
          f.set(row, g);
          for (let copy = 0; copy < copies; copy++) {
            f.set(other, f.loadEight(row));
            values.forEach((value, r) => f.set(sums[r]![copy]!, f.multiplyAdd(value, other, sums[r]![copy]!)));
            if (copy < copies - 1) f.advance(row, copyStride);
          }
          f.advance(at, eightBytes);
          f.advance(g, eightBytes);
        });
        f.advance(stream, componentStride);
        f.advance(plane, voxels * 4);
      });
      sums.flat().forEach((sum, i) => f.store(gradient, sum, i * eightBytes));
      f.advance(gradient, rowsAtOnce * copies * eightBytes);
      f.advance(streams, rowsAtOnce * streamStride * 4);
    };
    f.times(count.shr(1), () => block(2));
    f.if(count.and(1), () => block(1));
  });
}
