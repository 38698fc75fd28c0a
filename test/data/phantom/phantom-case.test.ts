import { describe, expect, it } from 'vitest';
import { phantomSettings, type PhantomKind } from '../../../engine/contract/phantom-settings';
import { phantomCase, type PhantomCase } from '../../../engine/data/phantom/phantom-case';
import { brainStructures } from '../../../engine/data/phantom/tissues';

const clean = { noise: { deviation: 0 }, biasField: 0, contrastVariation: 0 };
const make = (kind: PhantomKind, settings: object = {}, seed = 0, index = 0): PhantomCase => phantomCase(kind, phantomSettings.parse({ size: [32, 32, 32], ...settings }), seed, index);
const voxelsOf = ({ labels: { data } }: PhantomCase, label: number): number[] => [...data.keys()].filter((at) => data[at] === label);
const meanAt = (values: Float32Array, at: readonly number[]): number => at.reduce((sum, i) => sum + values[i], 0) / at.length;
/** Mean of one label's voxels whose six neighbours have it too: no partial volumes. */
function meanInside(one: PhantomCase, channel: number, label: number): number {
  const [nx, ny] = one.labels.shape;
  const { data } = one.labels;
  return meanAt(one.images[channel].data, voxelsOf(one, label).filter((at) => [1, -1, nx, -nx, nx * ny, -nx * ny].every((step) => data[at + step] === label)));
}

describe('a brain phantom', () => {
  const brain = make('brain', { ...clean, size: [64, 64, 64] });
  it('has one image and seven structures of plausible size', () => {
    expect([brain.images.length, brain.spacingMm]).toEqual([1, [2.5, 2.5, 2.5]]);
    const millilitres = brainStructures.map((_, i) => (voxelsOf(brain, i + 1).length * 2.5 ** 3) / 1000);
    // cerebellum, hippocampus, lateral ventricles, caudate, putamen, pallidum, brain stem: both sides together
    millilitres.forEach((volume, i) => expect(volume, brainStructures[i]).toBeGreaterThan([80, 15, 15, 15, 10, 5, 12][i]));
    millilitres.forEach((volume, i) => expect(volume, brainStructures[i]).toBeLessThan([180, 45, 80, 60, 60, 20, 60][i]));
  });
  it('tells ventricles and pallidum apart by intensity, caudate and putamen by place alone', () => {
    const [ventricles, caudate, putamen, pallidum] = [3, 4, 5, 6].map((label) => meanInside(brain, 0, label));
    expect(caudate / putamen).toBeCloseTo(1, 2);
    expect(ventricles).toBeLessThan(0.5 * caudate);
    expect(pallidum).toBeGreaterThan(1.1 * putamen);
    // the cortex has the same grey, and no label
    const grey = [...brain.images[0].data.keys()].filter((at) => Math.abs(brain.images[0].data[at] - caudate) < 5);
    expect(grey.filter((at) => brain.labels.data[at] === 0).length).toBeGreaterThan(grey.length / 2);
  });
  it('has each paired structure on both sides under one label', () => {
    for (const label of [2, 3, 4, 5, 6]) {
      const onRight = voxelsOf(brain, label).filter((at) => at % 64 >= 32).length / voxelsOf(brain, label).length;
      expect(onRight, brainStructures[label - 1]).toBeGreaterThan(0.2);
      expect(onRight, brainStructures[label - 1]).toBeLessThan(0.8);
    }
  });
  it('gives the same bytes for the same seed, another head for another seed or number', () => {
    const [first, again, otherSeed, otherNumber] = [make('brain'), make('brain'), make('brain', {}, 1), make('brain', {}, 0, 1)];
    expect(Buffer.compare(Buffer.from(first.images[0].data.buffer), Buffer.from(again.images[0].data.buffer))).toBe(0);
    expect(Buffer.compare(first.labels.data, again.labels.data)).toBe(0);
    for (const other of [otherSeed, otherNumber]) expect(first.labels.data.filter((label, at) => label !== other.labels.data[at]).length).toBeGreaterThan(100);
  });
  it('turns with its pose: upright the cerebellum is behind and below, at random anywhere', () => {
    const middle = (one: PhantomCase, axis: number): number => meanAt(Float32Array.from(one.labels.data, (_, at) => Math.floor(at / 32 ** axis) % 32), voxelsOf(one, 1)) - 15.5;
    const upright = Array.from({ length: 4 }, (_, index) => make('brain', clean, 6, index));
    for (const one of upright) expect([Math.abs(middle(one, 0)) < 3, middle(one, 1) < -3, middle(one, 2) < -3]).toEqual([true, true, true]);
    const turned = Array.from({ length: 4 }, (_, index) => make('brain', { ...clean, pose: 'random' }, 6, index));
    for (const axis of [1, 2]) expect(Math.max(...turned.map((one) => middle(one, axis)))).toBeGreaterThan(0);
    // the same anatomy, so about the same volume
    turned.forEach((one, i) => expect(voxelsOf(one, 1).length / voxelsOf(upright[i], 1).length).toBeCloseTo(1, 1));
  });
  it('keeps volumes in millilitres whatever the spacing', () => {
    const thick = make('brain', { ...clean, size: [64, 64, 32] });
    expect(thick.spacingMm).toEqual([2.5, 2.5, 5]);
    for (const label of [1, 3, 7]) expect((2 * voxelsOf(thick, label).length) / voxelsOf(brain, label).length).toBeCloseTo(1, 0.7);
    expect(make('brain', { spacingMm: [7, 6, 5] }).spacingMm).toEqual([7, 6, 5]);
  });
  it('has the noise asked for: air is Rayleigh, or Gaussian about zero', () => {
    // above the head
    const corner = (settings: object): number[] => [...make('brain', { ...clean, ...settings }).images[0].data.subarray(31 * 32 * 32)];
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.max(...corner({}))).toBe(0);
    expect(mean(corner({ noise: { kind: 'rician', deviation: 0.1 } })) / (100 * Math.sqrt(Math.PI / 2))).toBeCloseTo(1, 1);
    const gaussian = corner({ noise: { kind: 'gaussian', deviation: 0.1 } });
    expect(Math.abs(mean(gaussian))).toBeLessThan(8);
    expect(Math.sqrt(mean(gaussian.map((value) => value ** 2))) / 100).toBeCloseTo(1, 1);
  });
  it('has a bias field and a contrast that vary as asked, and leave the labels alone', () => {
    const plain = make('brain', clean);
    const biased = make('brain', { ...clean, biasField: 0.5 });
    const ratios = [...plain.images[0].data.keys()].filter((at) => plain.images[0].data[at] > 400).map((at) => biased.images[0].data[at] / plain.images[0].data[at]);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeGreaterThan(1.1);
    expect(Math.max(...ratios.map((ratio) => Math.abs(Math.log(ratio))))).toBeLessThan(0.51);
    const varied = make('brain', { ...clean, contrastVariation: 0.2 });
    expect(Math.abs(meanInside(varied, 0, 1) / meanInside(plain, 0, 1) - 1)).toBeGreaterThan(0.01);
    for (const other of [biased, varied]) expect(Buffer.compare(other.labels.data, plain.labels.data)).toBe(0);
  });
});

describe('a tumour phantom', () => {
  const tumour = make('tumour', { ...clean, size: [64, 64, 64] });
  it('has four contrasts and three parts, each as its contrast shows it', () => {
    expect(tumour.images).toHaveLength(4);
    const [oedema, , enhancing] = [1, 2, 3].map((label) => [0, 1, 2, 3].map((channel) => meanInside(tumour, channel, label)));
    // contrast agent lights up the rim, FLAIR the oedema
    expect(enhancing[1]).toBeGreaterThan(1.2 * enhancing[0]);
    expect(oedema[1]).toBeLessThan(1.15 * oedema[0]);
    expect(oedema[3]).toBeGreaterThan(meanAt(tumour.images[3].data, voxelsOf(tumour, 0)));
  });
  it.each([0, 1, 2])('has nested regions in case %i: necrosis touches no healthy voxel', (index) => {
    const one = make('tumour', { ...clean, size: [48, 48, 48] }, 3, index);
    const [whole, core, enhancing] = [[1, 2, 3], [2, 3], [3]].map((region) => one.labels.data.filter((label) => region.includes(label)).length);
    expect(whole > core && core > enhancing && enhancing > 0).toBe(true);
    const necrosis = voxelsOf(one, 2);
    const exposed = necrosis.filter((at) => [1, -1, 48, -48, 48 ** 2, -(48 ** 2)].some((step) => one.labels.data[at + step] === 0));
    expect(exposed.length).toBeLessThan(0.05 * necrosis.length + 2);
  });
});
