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
  const scale = options.scale ?? scaleOf(top, measured);
  if (scale === undefined) throw ambiguous('scale of the poolings', '--scale SIZE');
  const levels = measured.map((here, level) => axes.map((axis) => here[axis] ?? authorsSteps(top, scale, level)[axis]) as unknown as AlongAxes);
  const radial = radialOf(state, poolings, radialFunctions, options);
  if (!radial) throw ambiguous(options.diameter === undefined ? 'diameter of the kernels' : 'cut-off', options.diameter === undefined ? '--diameter SIZE (and --cutoff on or off)' : '--cutoff on or off');
  // steps that follow from the highest level's need no list
  const follow = levels.every((steps, level) => steps.every((step, axis) => isClose(step, followingSteps(top, scale, level)[axis]!)));
  return { steps: follow ? [...top] : levels.map((steps) => [...steps] as [number, number, number]), kernelSize: radial.diameter, cutoff: radial.cutoff, scale, radialFunctions };
}

/** Distance of neighbouring points of [x, y, z, 3] along each axis; undefined where there is one point only. */
function stepsOf({ shape: [nx, ny, nz], data }: StateTensor): (number | undefined)[] {
  const strides = [ny! * nz!, nz!, 1];
  return [nx!, ny!, nz!].map((extent, axis) => (extent > 1 ? rounded(Math.abs(Number(data[3 * strides[axis]! + axis]) - Number(data[axis]))) : undefined));
}

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

/** The authors' default of 2 where it gives the steps found, else the smallest that does. */
function scaleOf(top: AlongAxes, measured: readonly (readonly (number | undefined)[])[]): number | undefined {
  const fits = (scale: number): boolean => measured.every((level, i) => level.every((step, axis) => step === undefined || isClose(step, authorsSteps(top, scale, i)[axis]!)));
  const shown = measured.slice(1).flatMap((level, i) => level.flatMap((step) => (step === undefined ? [] : [step / 2 ** i])));
  if (measured.length > 1 && shown.length === 0) return undefined;
  return [2, ...shown.sort((a, b) => a - b)].find(fits);
}

/** Diameter and cut-off with which the stored radial functions can be made again; undefined where none or several do. */
function radialOf(state: StateDict, poolings: number, functions: number, options: GeometryOptions): { diameter: number; cutoff: boolean } | undefined {
  const points = Array.from({ length: poolings + 1 }, (_, level) => pointsOf(state.get(`${block(level)}.lattice`), state.get(`${block(level)}.emb`), functions, 2 ** level)).flat();
  if (points.length === 0) return options.diameter === undefined || options.cutoff === undefined ? undefined : { diameter: options.diameter, cutoff: options.cutoff };
  const error = (diameter: number, cutoff: boolean): number => points.reduce((worst, { radius, values, factor }) => radialBasis(radius / factor, diameter / 2, functions, cutoff).reduce((most, value, k) => Math.max(most, Math.abs(value - values[k]!)), worst), 0);
  const cutoffs = (options.cutoff === undefined ? [true, false] : [options.cutoff]).filter((cutoff) => cutoff || functions > 1);
  const fitting = cutoffs.flatMap((cutoff) => {
    const candidates = options.diameter === undefined ? diametersOf(points, functions, cutoff) : [options.diameter];
    const best = candidates.map((diameter) => ({ diameter, cutoff, error: error(diameter, cutoff) })).filter((one) => one.error < 1e-4);
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

function pointsOf(points: StateTensor | undefined, emb: StateTensor | undefined, functions: number, factor: number): Point[] {
  if (!points || !emb) return [];
  return Array.from({ length: points.data.length / 3 }, (_, i) => ({
    radius: Math.hypot(...axes.map((axis) => Number(points.data[3 * i + axis]))),
    values: Array.from({ length: functions }, (_, k) => Number(emb.data[i * functions + k])),
    factor,
  }));
}

/** Every diameter that explains one stored value: b = 1.14136 exp(2 - 2 / (1 - t^2)) solved for t, t for the distance of the centres, that for the diameter. */
function diametersOf(points: readonly Point[], functions: number, cutoff: boolean): number[] {
  const first = cutoff ? 1 : 0;
  const intervals = functions - 1 + 2 * first;
  const found = points.flatMap(({ radius, values, factor }) =>
    radius === 0 ? [] : values.flatMap((value, k) => {
      if (value < 1e-2) return [];
      const t = Math.sqrt(Math.max(0, 1 - 2 / (2 - Math.log(value / 1.14136))));
      return [k + first + t, k + first - t].filter((place) => place > 1e-3).map((place) => rounded((2 * intervals * radius) / factor / place));
    }),
  );
  return [...new Set(found)];
}

/** Float32 has seven digits. */
const rounded = (value: number): number => Number(value.toPrecision(6));
