import { describe, expect, it } from 'vitest';
import { figureSvg, type Figure } from '../../engine/experiments/figure';

const panel = (name: string) => ({ name, xLabel: 'training cases', scale: 'log', marks: 'lines', yLabel: 'Dice', y: 'unit' }) as const;
/** One series of these means, in turn one for each panel. */
const figureOf = (title: string, ...panels: number[][]): Figure => ({
  title,
  bandLabel: 'Bands and bars: ± standard deviation over 2 seeds; n = 41 cases',
  panels: panels.map((_, n) => panel(`panel ${n}`)),
  rows: panels.flatMap((means, n) => means.map((mean, x) => ({ panel: `panel ${n}`, series: 'steerable', x: 2 + x, mean, low: mean - 0.01, high: mean + 0.01, n: 41 }))),
});
const widthOf = (svg: string): number => Number(/ width="([\d.]+)"/.exec(svg)![1]);
/** Numbers beside the axes of all panels, from the bottom up. */
const yTicksOf = (svg: string): number[] => [...svg.matchAll(/text-anchor:end">([\d.]+)</g)].map(([, label]) => Number(label));

describe('a figure', () => {
  it('is wide enough for its title and its caption, however few its panels', () => {
    const short = widthOf(figureSvg(figureOf('Dice', [0.7, 0.8])));
    const long = widthOf(figureSvg(figureOf('How many scans of how many people does each of these networks need?', [0.7, 0.8])));
    // no letter of a common font is narrower on average than half its size
    expect(short).toBeGreaterThan(63 * 6);
    expect(long).toBeGreaterThan(67 * 7);
  });
  it('begins its axis below the lowest value where all are in the upper half, and in all panels alike', () => {
    expect(yTicksOf(figureSvg(figureOf('one', [0.71, 0.88])))).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
    expect(yTicksOf(figureSvg(figureOf('two', [0.65, 0.88], [0.95])))).toEqual([0.6, 0.7, 0.8, 0.9, 1, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(yTicksOf(figureSvg(figureOf('none', [])))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(yTicksOf(figureSvg(figureOf('two', [0.4, 0.88], [0.95])))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 0, 0.2, 0.4, 0.6, 0.8, 1]);
  });
});
