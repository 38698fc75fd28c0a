/** @file What numbers say over cases: mean, spread, percentiles, intervals that resample subjects, paired differences. */
import { Random } from '../math/random';

export interface Summary {
  readonly mean: number | null;
  /** Standard deviation of the sample (n - 1); 0 for fewer than two values. */
  readonly sd: number;
  /** How many values are defined. */
  readonly n: number;
}

/** Mean, spread and number of the values that are defined. */
export function summarise(values: readonly (number | null)[]): Summary {
  const defined = values.filter((value) => value !== null);
  const n = defined.length;
  if (n === 0) return { mean: null, sd: 0, n };
  const mean = defined.reduce((sum, value) => sum + value, 0) / n;
  const squares = defined.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n < 2 ? 0 : Math.sqrt(squares / (n - 1)), n };
}

/** Standard error of the mean; 0 for fewer than two values. */
export const standardError = ({ sd, n }: Summary): number => (n < 2 ? 0 : sd / Math.sqrt(n));

/** As they are shown: one value has no spread, which is not a spread of nothing. */
export const shownSpread = (summary: Summary): { se: number | null; sd: number | null } => (summary.n < 2 ? { se: null, sd: null } : { se: standardError(summary), sd: summary.sd });

/** Percentile of the defined values by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996; numpy's default); null where none is defined. */
export function percentile(values: readonly (number | null)[], percent: number): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

export interface SubjectValue {
  readonly subject: string;
  readonly value: number | null;
}
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Percent of the draws inside. */
  readonly percent: number;
  readonly subjects: number;
}

/**
 * Percentile bootstrap of the mean over cases, where cases of one subject are drawn together (Davison and Hinkley, 1997, section 3.8): subjects are independent, two sides of
 * one head are not. Null for fewer than two subjects.
 */
export function bootstrapInterval(values: readonly SubjectValue[], { draws = 10_000, seed = 0, percent = 95 } = {}): Interval | null {
  const bySubject = new Map<string, { sum: number; count: number }>();
  for (const { subject, value } of values) {
    if (value === null) continue;
    const { sum, count } = bySubject.get(subject) ?? { sum: 0, count: 0 };
    bySubject.set(subject, { sum: sum + value, count: count + 1 });
  }
  const subjects = [...bySubject.values()];
  if (subjects.length < 2) return null;
  const random = Random.stream(seed, 'bootstrap over subjects');
  const means = Array.from({ length: draws }, () => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < subjects.length; i++) {
      const drawn = subjects[random.integer(subjects.length)];
      sum += drawn.sum;
      count += drawn.count;
    }
    return sum / count;
  });
  return { low: percentile(means, (100 - percent) / 2)!, high: percentile(means, (100 + percent) / 2)!, percent, subjects: subjects.length };
}

export interface SignedRankTest {
  /** Smaller one of the sums of ranks of positive and of negative differences. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  /** Differences that are not zero. */
  readonly n: number;
  /** Whether `p` counts all signs, or is the normal approximation. */
  readonly exact: boolean;
}

/** Up to so many differences every assignment of signs is counted. */
const exactLimit = 50;

/**
 * Wilcoxon signed-rank test (Wilcoxon, Biometrics Bulletin 1945); zeros are dropped, ties share the mean of their ranks. Exact up to 50 differences, ties included; beyond that
 * the normal approximation with its correction for ties, without one for continuity, as scipy.stats.wilcoxon. Null where no difference is left.
 */
export function wilcoxonSignedRank(differences: readonly number[]): SignedRankTest | null {
  const kept = differences.filter((difference) => difference !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = kept.length;
  if (n === 0) return null;
  // twice the ranks are whole numbers, ties or not
  const doubled: number[] = [];
  let tieCorrection = 0;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && Math.abs(kept[end]) === Math.abs(kept[start])) end++;
    const ties = end - start;
    tieCorrection += ties ** 3 - ties;
    for (let i = start; i < end; i++) doubled.push(start + 1 + end);
    start = end;
  }
  const positive = doubled.reduce((sum, rank, i) => sum + (kept[i] > 0 ? rank : 0), 0);
  const total = n * (n + 1);
  const lower = Math.min(positive, total - positive);
  if (n > exactLimit) {
    const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection / 48;
    return { statistic: lower / 2, p: 2 * normalBelow((lower / 2 - total / 4) / Math.sqrt(variance)), n, exact: false };
  }
  // share of the 2^n assignments of signs with each sum of positive ranks
  let share = Float64Array.of(1, ...new Float64Array(total));
  for (const rank of doubled) share = share.map((value, sum) => (value + (sum >= rank ? share[sum - rank] : 0)) / 2);
  return { statistic: lower / 2, p: Math.min(1, 2 * share.subarray(0, lower + 1).reduce((sum, value) => sum + value, 0)), n, exact: true };
}

/** Probability that a standard normal lies below z <= 0, to a relative error of 1.2e-7 (complementary error function of Press et al., Numerical Recipes, section 6.2). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  return (t / 2) * Math.exp(-x * x + coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0));
}

export interface PairedDifference extends Summary {
  /** Of the mean difference, resampling subjects. */
  readonly interval: Interval | null;
  /** Over subjects: of the mean difference of each. */
  readonly wilcoxon: SignedRankTest | null;
}

/** First minus second, over the cases where both are defined. The test ranks subjects, which are independent, not cases. */
export function pairedDifference(first: ReadonlyMap<string, SubjectValue>, second: ReadonlyMap<string, SubjectValue>): PairedDifference {
  const differences = [...first].flatMap(([id, { subject, value }]) => {
    const other = second.get(id)?.value ?? null;
    return value === null || other === null ? [] : [{ subject, value: value - other }];
  });
  const subjects = [...new Set(differences.map(({ subject }) => subject))];
  const ofSubject = (subject: string) => summarise(differences.filter((one) => one.subject === subject).map(({ value }) => value)).mean!;
  return { ...summarise(differences.map(({ value }) => value)), interval: bootstrapInterval(differences), wilcoxon: wilcoxonSignedRank(subjects.map(ofSubject)) };
}
