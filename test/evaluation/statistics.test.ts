import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, pairedDifference, percentile, standardError, summarise, wilcoxonSignedRank } from '../../engine/evaluation/statistics';

interface Golden {
  wilcoxon: { name: string; differences: number[]; statistic: number; p: number; exact: boolean }[];
  values: number[];
  mean: number;
  sd: number;
  se: number;
  percentiles: Record<string, number>;
  bootstrap: [number, number];
  subjects: number[];
  clusterBootstrap: [number, number];
}
const golden = JSON.parse(readFileSync(new URL('../golden/statistics.json', import.meta.url), 'utf8')) as Golden;
const { values } = golden;

describe('statistics as scipy and numpy have them', () => {
  it('mean, standard deviation, standard error, percentiles', () => {
    const summary = summarise(values);
    expect([summary.mean, summary.sd, standardError(summary)].map((value) => value!.toFixed(12))).toEqual([golden.mean, golden.sd, golden.se].map((value) => value.toFixed(12)));
    for (const [percent, value] of Object.entries(golden.percentiles)) expect(percentile(values, Number(percent))).toBeCloseTo(value, 12);
    expect(percentile([null, 3, null], 5)).toBe(3);
    expect(percentile([null], 5)).toBeNull();
  });

  it.each(golden.wilcoxon.map((one) => [one.name, one] as const))('Wilcoxon of %s', (_name, { differences, statistic, p, exact }) => {
    const result = wilcoxonSignedRank(differences)!;
    expect(result).toMatchObject({ statistic, exact, n: differences.filter((difference) => difference !== 0).length });
    // the normal distribution is good to 1.2e-7
    expect(Math.abs(result.p / p - 1)).toBeLessThan(exact ? 1e-9 : 1e-6);
  });

  it('has no test of no differences', () => expect(wilcoxonSignedRank([0, 0])).toBeNull());

  it('bootstrap intervals, of values and of values drawn by subject', () => {
    // the end of an interval of 10,000 draws moves by about a hundredth of its width
    const near = (interval: ReturnType<typeof bootstrapInterval>, [low, high]: [number, number]) => {
      expect(Math.abs(interval!.low - low)).toBeLessThan(0.03 * (high - low));
      expect(Math.abs(interval!.high - high)).toBeLessThan(0.03 * (high - low));
    };
    near(bootstrapInterval(values.map((value, i) => ({ subject: `${i}`, value }))), golden.bootstrap);
    const bySubject = values.map((value, i) => ({ subject: `${golden.subjects[i]}`, value }));
    near(bootstrapInterval(bySubject), golden.clusterBootstrap);
    expect(bootstrapInterval(bySubject)).toEqual({ ...bootstrapInterval(bySubject), subjects: 9, percent: 95 });
  });
});

describe('bootstrapInterval', () => {
  it('knows that two copies of a subject say nothing new', () => {
    const once = values.map((value, i) => ({ subject: `${i}`, value }));
    expect(bootstrapInterval([...once, ...once])).toEqual(bootstrapInterval(once));
    const asCases = bootstrapInterval([...once, ...once].map(({ value }, i) => ({ subject: `${i}`, value })))!;
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(asCases)).toBeLessThan(0.8 * width(bootstrapInterval(once)!));
  });
  it('is null for a single subject', () => expect(bootstrapInterval([{ subject: 's', value: 1 }, { subject: 's', value: 2 }])).toBeNull());
});

describe('pairedDifference', () => {
  it('pairs cases by name, leaves out what one side does not have, and ranks subjects', () => {
    const of = (entries: Record<string, number | null>) => new Map(Object.entries(entries).map(([id, value]) => [id, { subject: id[0], value }]));
    const difference = pairedDifference(of({ a1: 0.9, a2: 0.8, b1: 0.7, c1: null, d1: 0.5 }), of({ a1: 0.5, a2: 0.7, b1: 0.9, c1: 0.1 }));
    expect(difference).toMatchObject({ n: 3, interval: { subjects: 2 }, wilcoxon: { n: 2, exact: true } });
    expect(difference.mean).toBeCloseTo(0.1, 12);
    // the subject a is better by 0.25, b worse by 0.2
    expect(difference.wilcoxon!.statistic).toBe(1);
    expect(difference.interval!.low).toBeCloseTo(-0.2, 12);
    expect(difference.interval!.high).toBeCloseTo(0.25, 12);
  });
});
