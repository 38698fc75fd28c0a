/**
 * @file Which cases train, which stop the training, which test it.
 * The rule of subjects: cases of one subject stay in one part. Who is one subject is said by the map `subjects` in the split file (case to subject);
 * without it a layout may say so (BIDS: sessions); hippocampus_(2k-1) and hippocampus_(2k) of the Decathlon's Task04 are the two sides of one head; any other case is its own subject.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { badInput, GyraError } from '../contract/problem';
import { Random } from '../math/random';
import { readJson } from './file-access';
import type { Dataset } from './dataset';

export const parts = ['train', 'validation', 'test'] as const;
export type Part = (typeof parts)[number];
export type Split = Readonly<Record<Part, readonly string[]>>;

const names = z.array(z.string());
const splitFile = z
  .strictObject({ note: z.string().optional(), subjects: z.record(z.string(), z.string()).optional(), train: names.optional(), validation: names.optional(), test: names.optional() })
  .refine((content) => new Set(parts.map((part) => part in content)).size === 1, 'list train, validation and test, or none of them');

/**
 * The split of a data set: what its split file says, or else one drawn by subject with the seed: 20 % test, 10 % validation, the rest train.
 * @param file Name of the split file in the data set's folder; without one, split.json where it exists.
 * @param sizes Numbers of subjects to draw with the seed instead, whatever a split file lists.
 * @throws GyraError where a split file is wrong, or there are fewer subjects than `sizes` need
 */
export async function readSplit(dataset: Dataset, { file, seed, sizes }: { file?: string; seed: number; sizes?: Readonly<Record<Part, number>> }): Promise<Split> {
  const { train, validation, test } = await readSplitFile(dataset, file);
  const subjectOf = await readSubjects(dataset, file);
  if (sizes) return drawSizes(dataset, subjectOf, seed, sizes);
  if (!train || !validation || !test) return drawSplit(dataset.cases.map(({ id }) => id), subjectOf, seed);
  const split = { train, validation, test };
  checkSplit(split, dataset, subjectOf, file ?? 'split.json');
  return split;
}

/** Who a case is of, by the rule of subjects. */
export async function readSubjects(dataset: Dataset, file?: string): Promise<(id: string) => string> {
  const { subjects } = await readSplitFile(dataset, file);
  const given = new Map(dataset.cases.flatMap(({ id, subject }) => (subject === undefined ? [] : [[id, subject] as const])));
  return (id) => subjects?.[id] ?? given.get(id) ?? pairedSide(id) ?? id;
}

async function readSplitFile(dataset: Dataset, file?: string): Promise<z.output<typeof splitFile>> {
  return readJson(join(dataset.folder, file ?? 'split.json'), splitFile).catch((thrown: unknown) => {
    if (!file && thrown instanceof GyraError && thrown.code === 'not-found') return {};
    throw thrown;
  });
}

function drawSplit(cases: readonly string[], subjectOf: (id: string) => string, seed: number): Split {
  const subjects = shuffledSubjects(cases, subjectOf, seed);
  const test = Math.round(0.2 * subjects.length);
  const validation = Math.max(Math.round(0.1 * subjects.length), subjects.length > 2 ? 1 : 0);
  return dealt(cases, subjectOf, subjects, { test, validation, train: subjects.length - test - validation });
}

function drawSizes({ name, cases }: Dataset, subjectOf: (id: string) => string, seed: number, sizes: Readonly<Record<Part, number>>): Split {
  const ids = cases.map(({ id }) => id);
  const subjects = shuffledSubjects(ids, subjectOf, seed);
  const needed = sizes.train + sizes.validation + sizes.test;
  if (subjects.length < needed) throw badInput(`The split needs ${needed} subjects (${sizes.train} to train on, ${sizes.validation} for validation, ${sizes.test} to test), and ${name} has ${subjects.length}.`, 'Add cases, or ask for fewer with --set data.splitSizes.train=... and the like.');
  return dealt(ids, subjectOf, subjects, sizes);
}

const shuffledSubjects = (cases: readonly string[], subjectOf: (id: string) => string, seed: number): string[] => Random.stream(seed, 'split').shuffle([...new Set(cases.map(subjectOf))]);

/** The first subjects test, the next validate, the next train. */
function dealt(cases: readonly string[], subjectOf: (id: string) => string, subjects: readonly string[], { test, validation, train }: Readonly<Record<Part, number>>): Split {
  const between = (from: number, to: number): string[] => cases.filter((id) => subjects.slice(from, to).includes(subjectOf(id)));
  return { test: between(0, test), validation: between(test, test + validation), train: between(test + validation, test + validation + train) };
}

function checkSplit(split: Split, dataset: Dataset, subjectOf: (id: string) => string, name: string): void {
  const known = new Set(dataset.cases.map(({ id }) => id));
  const placeOf = new Map<string, { part: Part; id: string }>();
  for (const part of parts)
    for (const id of split[part]) {
      if (!known.has(id)) throw badInput(`${name} puts ${id} into ${part}, and the data set ${dataset.name} has no such case.`, 'Correct the name, or add the case to dataset.json.');
      if (split[part].indexOf(id) !== split[part].lastIndexOf(id)) throw badInput(`${name} lists ${id} twice in ${part}.`, 'List each case once: one that is there twice counts double.');
      const other = placeOf.get(subjectOf(id));
      if (other && other.part !== part) throw badInput(`${name} has ${id === other.id ? `${id} in both ${other.part} and ${part}` : `${other.id} in ${other.part} and ${id} of the same subject in ${part}`}.`, 'Keep all cases of one subject in one part; who is one subject can be said under "subjects".');
      placeOf.set(subjectOf(id), { part, id });
    }
}

function pairedSide(id: string): string | null {
  const match = /^hippocampus_(\d+)$/.exec(id);
  return match && `hippocampus subject ${Math.ceil(Number(match[1]) / 2)}`;
}
