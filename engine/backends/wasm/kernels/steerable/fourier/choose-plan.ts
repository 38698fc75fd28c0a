/** @file When Fourier transforms of tiles pay for a steerable layer, and with which lengths: by shape alone, never by what is measured while it runs. */
import { dimension, type Irreps } from '../../../../../math/so3/irreps';
import type { Lattice } from '../../../../../math/so3/lattice';
import { mostBytes } from '../../convolution/blocks';
import { tilePlan, wholeVectors, type TilePlan } from '../../convolution/fourier/fourier-plan';
import { lineLengths } from '../../convolution/fourier/fourier-transform';
import { pointsPerBlock } from '../../convolution/fourier/point-blocks';
import type { Stencil } from '../stencil';
import { targetOf } from '../stream-plan';
import { harmonicsOf } from '../tile-shape';
import { numberBytes, parts, partsOf } from './point-matrices';

export interface LayerShape {
  readonly lattice: Lattice;
  readonly stencil: Stencil;
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  readonly harmonics: Irreps;
  /** Channels of the tensors the inputs lie in, side by side. */
  readonly inputs: readonly number[];
}
export type Direction = 'forward' | 'backward';

/** Bytes of the spectra of a tile of some tensors at a block of points: each tensor's in whole vectors. */
export const rowBytes = (tensors: readonly number[]): number => tensors.reduce((sum, channels) => sum + wholeVectors(channels), 0) * numberBytes;

/**
 * Picoseconds, fitted to thirteen layers of the paper's networks on two cores with eight lanes at 8^3 to 64^3 (docs/performance.md): of a transform for each voxel of a tile and channel; of a product for each point, tile and
 * multiply-add; of making a matrix (and carrying back its gradient) for each point and pair of channels of the paper's kernel. Of the tiles' pass for each voxel: of the harmonics of a channel of the paper's kernel, of a multiply-add
 * of the mixing.
 */
const cost = {
  forward: { transform: 570, product: 14, matrix: 30, harmonics: 3300, mixing: 14 },
  backward: { transform: 600, product: 28, matrix: 55, harmonics: 3700, mixing: 28 },
};
/** Slabs whose spectra take no more stay in the cache, where transforms take a part of their time; but every slab makes its matrices anew. */
const cachedBytes = 11 * 2 ** 20;
const cachedTransform = 0.73;
/** Harmonics in their radial streams of the paper's kernel, to which those of others are compared. */
const paperHarmonics = 36;

export type ChoosePlan = (layer: LayerShape, shape: readonly number[], direction: Direction) => TilePlan | undefined;

/** The plan with the least work, or undefined where the tiles' pass has less, and for kernels whose extent is no cube of 3 or 5. */
export const chooseFourierPlan: ChoosePlan = (layer, shape, direction) => {
  const best = leastWork(layer, shape, direction);
  return best && best.work < tilesWork(layer, shape, direction) ? best.plan : undefined;
};

/** Of the tiles' pass, in picoseconds. */
function tilesWork(layer: LayerShape, shape: readonly number[], direction: Direction): number {
  const { harmonics, mixing } = cost[direction];
  const voxels = shape.slice(0, 4).reduce((count, size) => count * size, 1);
  const channels = dimension(direction === 'forward' ? layer.irrepsIn : layer.irrepsOut);
  return voxels * (channels * harmonics * richnessOf(layer) + multiplyAddsOf(layer).mixed * mixing);
}
const richnessOf = ({ stencil }: LayerShape): number => harmonicsOf(stencil) / paperHarmonics;

/** The plan by Fourier transforms with the least work, in picoseconds; undefined where there is none. `bytes`: what the spectra of a slab may take. */
export function leastWork(layer: LayerShape, shape: readonly number[], direction: Direction, bytes = mostBytes): { plan: TilePlan; work: number } | undefined {
  const { lattice: { reach }, irrepsIn, irrepsOut, inputs } = layer;
  const taps = 2 * reach[0] + 1;
  if (reach.some((one) => one !== reach[0]) || (taps !== 3 && taps !== 5)) return undefined;
  const { transform, product, matrix } = cost[direction];
  const [channelsIn, channelsOut] = [dimension(irrepsIn), dimension(irrepsOut)];
  const { products } = multiplyAddsOf(layer);
  const transformed = direction === 'forward' ? channelsIn + channelsOut : 2 * channelsIn + channelsOut;
  let best: { plan: TilePlan; work: number } | undefined;
  for (const x of lineLengths) for (const y of lineLengths) for (const z of lineLengths)
    for (const slabBytes of [bytes, Math.min(bytes, cachedBytes)]) {
      const plan = tilePlan(taps, [x, y, z], shape, (rowBytes(inputs) + rowBytes([channelsOut])) / pointsPerBlock, slabBytes);
      const slabs = Math.ceil(plan.tileCount / plan.tilesPerSlab);
      const work =
        2 * Math.ceil(plan.tileCount / 2) * (x * y * z * transform * (slabBytes <= cachedBytes ? cachedTransform : 1) * transformed + plan.points * product * products) + slabs * plan.points * matrix * richnessOf(layer) * channelsIn * channelsOut;
      if (!best || work < best.work) best = { plan, work };
    }
  return best;
}

/** Real multiply-adds of the products at a point, and of the mixing at a voxel. */
function multiplyAddsOf({ stencil, irrepsIn, irrepsOut, harmonics }: LayerShape): { products: number; mixed: number } {
  let [products, mixed] = [0, 0];
  for (const a of irrepsIn)
    for (const b of irrepsOut) {
      const target = targetOf(stencil, harmonics, a.degree, b.degree, a.parity === b.parity ? 1 : -1);
      if (target.streams === 0) continue;
      const copies = a.multiplicity * b.multiplicity;
      products += copies * (2 * a.degree + 1) * (2 * b.degree + 1) * (partsOf(target) === parts.both ? 4 : 2);
      mixed += copies * target.streams * (2 * b.degree + 1);
    }
  return { products, mixed };
}
