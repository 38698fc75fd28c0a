/** @file What the lattices and radial functions stored in an e3nn_Unet state dict say about its kernels: steps, diameter, cut-off, scale. */
import type { SteerableUnetSpec } from '../contract/model-spec';
import type { AlongAxes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { radialBasis } from '../math/so3/radial-basis';
import type { StateDict, StateTensor } from './import-e3nn-unet';

export interface GeometryOptions {
  /** Of the highest level. */
  readonly steps?: AlongAxes;
  readonly diameter?: number;
  readonly cutoff?: boolean;
  readonly scale?: number;
}
type Geometry = Pick<SteerableUnetSpec, 'steps' | 'kernelSize' | 'scale' | 'cutoff' | 'radialFunctions'>;

const block = (level: number): string => `down.down_blocks.${level}.conv1`;
const axes = [0, 1, 2] as const;
const isClose = (a: number, b: number): boolean => Math.abs(a - b) < 1e-4 * Math.max(a, b);

/** @throws GyraError that names the option where something cannot be told from the file */
export function geometryOf(state: StateDict, poolings: number, options: GeometryOptions, fileName: string): Geometry {
  const radialFunctions = state.get(`${block(0)}.weight`)!.shape[0]!;
  const lattices = Array.from({ length: poolings + 1 }, (_, level) => state.get(`${block(level)}.lattice`));
  const ambiguous = (what: string, option: string): Error => badInput(`${fileName} does not tell the ${what} of the network.`, `Add ${option}, as the network was made.`);
  const measured = lattices.map((one) => (one ? stepsOf(one) : [undefined, undefined, undefined]));
  const top = options.steps ?? topSteps(measured);
  if (!top) throw ambiguous('steps', '--steps X,Y,Z');
  // steps in another unit than the file's say those of lower levels too
  const isFiles = measured[0]!.every((step, axis) => step === undefined || isClose(step, top[axis]!));
  const shown = isFiles ? measured : measured.map(() => [undefined, undefined, undefined]);
  const scale = scaleOf(top, shown, options.scale);
  if (scale === undefined && options.scale !== undefined) throw badInput(`${fileName} holds kernels whose steps are not those that a scale of ${options.scale} gives.`, 'Correct --scale, or leave it out: it is read from the file.');
  if (scale === undefined) throw ambiguous('scale of the poolings', '--scale SIZE');
  const levels = levelSteps(top, shown, scale);
  const radial = radialOf(state, poolings, radialFunctions, options);
  if (!radial) throw ambiguous(options.diameter === undefined ? 'diameter of the kernels' : 'cut-off', options.diameter === undefined ? '--diameter SIZE (and --cutoff on or off)' : '--cutoff on or off');
  // steps that follow from the highest level's need no list
  const follow = levels.every((steps, level) => steps.every((step, axis) => isClose(step, followingSteps(top, scale, level)[axis]!)));
  const covers = (diameter: number): boolean => lattices.every((one, level) => !one || axes.every((axis) => 2 * Math.floor((diameter * 2 ** level) / 2 / levels[level]![axis]) + 1 === one.shape[axis]));
  const kernelSize = withRounding(radial.diameter).find(covers) ?? radial.diameter;
  return { steps: follow ? [...top] : levels.map((steps) => [...steps] as [number, number, number]), kernelSize, cutoff: radial.cutoff, scale, radialFunctions };
}

/** The first point of [x, y, z, 3] beyond the centre along each axis: one step, rounded as it is stored, and nothing more; undefined where there is one point only. */
function stepsOf({ shape: [nx, ny, nz], data, dtype }: StateTensor): (number | undefined)[] {
  const strides = [ny! * nz!, nz!, 1];
  return [nx!, ny!, nz!].map((extent, axis) => (extent > 1 ? shortest(Number(data[3 * strides[axis]! * ((extent + 1) / 2) + axis]), dtype) : undefined));
}

/** The number of fewest digits that is stored as this one: 0.7 of 0.699999988. */
function shortest(stored: number, dtype = 'F32'): number {
  const bits = dtype === 'BF16' ? 8 : dtype === 'F16' ? 11 : 24;
  const halfSpacing = 2 ** (Math.floor(Math.log2(stored)) - bits);
  return Array.from({ length: 9 }, (_, n) => Number(stored.toPrecision(n + 1))).find((value) => Math.abs(value - stored) <= halfSpacing) ?? stored;
}

/** A size, and one by which a step that rounding made a little longer still goes whole: 2 holds 2/3 three times, 0.6666667 twice. */
const withRounding = (size: number): readonly number[] => [size, size * (1 + 1e-6)];

/** An axis whose voxels are longer than the highest kernel's radius shows its step further down, before anything is pooled along it. */
function topSteps(measured: readonly (readonly (number | undefined)[])[]): AlongAxes | undefined {
  const steps = axes.map((axis) => measured.map((level) => level[axis]).find((step) => step !== undefined));
  return steps.every((step) => step !== undefined) ? (steps as unknown as AlongAxes) : undefined;
}

/** Steps of a level as e3nn_Unet computes them, from those of the highest level alone. */
const authorsSteps = (top: AlongAxes, scale: number, level: number): readonly number[] => top.map((step) => (level === 0 || step >= scale * 2 ** (level - 1) ? step : Math.floor((scale * 2 ** (level - 1)) / step) * step));
/** Steps of a level as poolings make them. */
function followingSteps(top: AlongAxes, scale: number, level: number): readonly number[] {
  return top.map((step) => Array.from({ length: level }).reduce<number>((here, _, above) => here * Math.max(1, Math.floor((scale * 2 ** above) / here)), step));
}

/** Steps of each level: those found, else as e3nn_Unet computes them. */
const levelSteps = (top: AlongAxes, measured: readonly (readonly (number | undefined)[])[], scale: number): readonly AlongAxes[] =>
  measured.map((here, level) => axes.map((axis) => here[axis] ?? authorsSteps(top, scale, level)[axis]) as unknown as AlongAxes);

/** The scale that is given, or the authors' default of 2 where it gives the steps found, else the smallest that does; undefined where it does not, or nothing tells. */
function scaleOf(top: AlongAxes, measured: readonly (readonly (number | undefined)[])[], given?: number): number | undefined {
  const extents = (scale: number): string => levelSteps(top, measured, scale).map((steps, level) => steps.map((step) => Math.floor((scale * 2 ** level) / step))).join();
  const fits = (scale: number): boolean =>
    measured.every((level, i) => level.every((step, axis) => step === undefined || isClose(step, authorsSteps(top, scale, i)[axis]!))) && extents(scale) === extents(withRounding(scale)[1]!);
  const shown = measured.slice(1).flatMap((level, i) => level.flatMap((step) => (step === undefined ? [] : [step / 2 ** i])));
  if (given === undefined && measured.length > 1 && shown.length === 0) return undefined;
  return (given === undefined ? [2, ...shown.sort((a, b) => a - b)] : [given]).flatMap(withRounding).find(fits);
}

/** Diameter and cut-off with which the stored radial functions can be made again; undefined where none or several do. */
function radialOf(state: StateDict, poolings: number, functions: number, options: GeometryOptions): { diameter: number; cutoff: boolean } | undefined {
  const points = Array.from({ length: poolings + 1 }, (_, level) => pointsOf(state.get(`${block(level)}.lattice`), state.get(`${block(level)}.emb`), functions, 2 ** level)).flat();
  if (points.length === 0) return options.diameter === undefined || options.cutoff === undefined ? undefined : { diameter: options.diameter, cutoff: options.cutoff };
  const error = (diameter: number, cutoff: boolean): number => points.reduce((worst, { radius, values, factor }) => radialBasis(radius / factor, diameter / 2, functions, cutoff).reduce((most, value, k) => Math.max(most, Math.abs(value - values[k]!)), worst), 0);
  const cutoffs = (options.cutoff === undefined ? [true, false] : [options.cutoff]).filter((cutoff) => cutoff || functions > 1);
  const fitting = cutoffs.flatMap((cutoff) => {
    const candidates = options.diameter === undefined ? diametersOf(points, functions, cutoff) : [options.diameter];
    const best = candidates.map((diameter) => ({ diameter, cutoff, error: error(diameter, cutoff) })).filter((one) => one.error < 5 * embTolerance(state.get(`${block(0)}.emb`)));
    return best.sort((a, b) => a.error - b.error);
  });
  const [found] = [...fitting].sort((a, b) => a.error - b.error);
  // given values that do not fit are named by the self-check
  if (!found) return options.diameter !== undefined && options.cutoff !== undefined ? { diameter: options.diameter, cutoff: options.cutoff } : undefined;
  if (fitting.some(({ diameter, cutoff }) => cutoff !== found.cutoff || Math.abs(diameter - found.diameter) > 1e-3 * found.diameter)) return undefined;
  const round = [0, 1, 2, 3, 4].map((digits) => Number(found.diameter.toFixed(digits))).find((diameter) => diameter > 0 && error(diameter, found.cutoff) < 2e-6);
  return { diameter: options.diameter ?? round ?? found.diameter, cutoff: found.cutoff };
}

interface Point {
  readonly radius: number;
  readonly values: readonly number[];
  /** The diameter of this level over that of the highest. */
  readonly factor: number;
}

/** One point of each distance from the centre: the radial functions tell no more. */
function pointsOf(points: StateTensor | undefined, emb: StateTensor | undefined, functions: number, factor: number): Point[] {
  if (!points || !emb) return [];
  const [coordinates, values] = [points.data, emb.data];
  const shells = new Map<number, Point>();
  for (let i = 0; i < coordinates.length / 3; i++) {
    const radius = Math.hypot(...axes.map((axis) => Number(coordinates[3 * i + axis])));
    if (!shells.has(rounded(radius))) shells.set(rounded(radius), { radius, values: Array.from({ length: functions }, (_, k) => Number(values[i * functions + k])), factor });
  }
  return [...shells.values()];
}

/** Every diameter that explains one stored value: b = 1.14136 exp(2 - 2 / (1 - t^2)) solved for t, t for the distance of the centres, that for the diameter. */
function diametersOf(points: readonly Point[], functions: number, cutoff: boolean): number[] {
  const first = cutoff ? 1 : 0;
  const intervals = functions - 1 + 2 * first;
  const found = points.flatMap(({ radius, values, factor }) =>
    radius === 0 ? [] : values.flatMap((value, k) => {
      if (value < 1e-2) return [];
      const t = Math.sqrt(Math.max(0, 1 - 2 / (2 - Math.log(value / 1.14136))));
      return [k + first + t, k + first - t].filter((place) => place > 1e-3).map((place) => Number(((2 * intervals * radius) / factor / place).toPrecision(7)));
    }),
  );
  return [...new Set(found)];
}

/** Float32 has seven digits. */
const rounded = (value: number): number => Number(value.toPrecision(6));

/** How far stored radial functions, which reach 1.14, may lie from those computed. */
export const embTolerance = (emb: StateTensor | undefined): number => (emb?.dtype === 'BF16' ? 8e-3 : emb?.dtype === 'F16' ? 1e-3 : 2e-5);
