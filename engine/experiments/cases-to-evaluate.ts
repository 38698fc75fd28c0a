/** @file The cases each run of a study is evaluated on, looked at before anything is trained: what is wrong with them is not found out hours later. */
import { badInput } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import { soundCases, type CaseFiles, type Dataset } from '../data/dataset';
import { readSplit } from '../data/split';
import { knownCases } from './run-store';
import type { PlannedRun, StudySpec } from './study-spec';

type SkippedCase = NonNullable<RunRecord['skipped']>[number];

/** @throws GyraError where a run has no cases, or others than the first, or one of them cannot be read and its spec does not leave such cases out */
export async function casesToEvaluate({ part }: StudySpec, planned: readonly PlannedRun[], dataset: Dataset): Promise<{ casesOf: ReadonlyMap<PlannedRun, readonly CaseFiles[]>; skipped: readonly SkippedCase[] }> {
  const read = new Map<string, readonly CaseFiles[]>();
  const leftOut = new Map<string, SkippedCase>();
  const casesOf = new Map<PlannedRun, readonly CaseFiles[]>();
  for (const run of planned) {
    const { data: { split, splitSizes, skipBroken }, lossOptions: { ignoreLabel } } = run.spec;
    const listed = (await readSplit(dataset, { file: split, seed: run.seed, sizes: splitSizes }))[part];
    // most runs share their cases: these are read once
    const key = JSON.stringify([listed, skipBroken, ignoreLabel]);
    if (!read.has(key)) {
      const { sound, skipped } = await soundCases(dataset, dataset.cases.filter(({ id }) => listed.includes(id)), ignoreLabel);
      if (skipped.length > 0 && !skipBroken) throw badInput(`Case ${skipped[0]!.case} of ${part} cannot be read: ${skipped[0]!.reason}${skipped.length > 1 ? ` So it is with ${skipped.length - 1} more.` : ''}`, 'Correct the files, or leave out what cannot be read with --set data.skipBroken=true.');
      if (sound.length === 0) throw badInput(`The split of ${dataset.name} has no cases in ${part}.`, 'Give a split with cases there.');
      for (const one of skipped) leftOut.set(one.case, one);
      read.set(key, sound);
    }
    casesOf.set(run, read.get(key)!);
  }
  const [first, ...others] = planned;
  for (const run of others) {
    const [one, other] = [first!, run].map((each) => casesOf.get(each)!.map(({ id }) => id)) as [string[], string[]];
    const alone = [...one.filter((id) => !other.includes(id)), ...other.filter((id) => !one.includes(id))];
    if (alone.length > 0) throw badInput(`${first!.arm.series} and ${run.arm.series} have other cases in ${part}: ${alone.slice(0, 3).join(', ')}${alone.length > 3 ? ` and ${alone.length - 3} more` : ''} of one of them alone.`, 'Compare runs of one split; --set data.split=FILE names the split of those that are trained here.');
  }
  return { casesOf, skipped: [...leftOut.values()] };
}

/** @throws GyraError where a run has seen a case it would be tested on */
export async function refuseKnown({ part }: StudySpec, { arm, spec }: PlannedRun, record: RunRecord, cases: readonly CaseFiles[]): Promise<void> {
  const known = part === 'test' ? await knownCases(record, spec.data.dataset, cases) : [];
  if (known.length > 0) throw badInput(`${arm.trained?.run ?? spec.name} was trained or tuned on ${known[0]!.case}${known.length > 1 ? ` and ${known.length - 1} more cases` : ''} of ${part}.`, 'Evaluate it on cases it has not seen.');
}
