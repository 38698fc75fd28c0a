/** @file A folder of cases with labels, whatever its layout: opened, read case by case, checked. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { badInput, GyraError, problemFrom } from '../contract/problem';
import { labelsIn, type Structure } from '../contract/structure';
import { checkSameGrid, cornersApartVoxels, labelsOf, type LabelVolume } from './labels';
import { bids } from './layouts/bids';
import { decathlon } from './layouts/decathlon';
import { namesIn } from './layouts/folder-listing';
import { freesurfer } from './layouts/freesurfer';
import { finding, type CaseFiles, type Dataset, type Finding, type Layout, type Survey } from './layouts/layout';
import { nnunet } from './layouts/nnunet';
import { twoFolders } from './layouts/two-folders';
import { geometryNotices, printSpacing } from './nifti-geometry';
import { gridInRas, toRas } from './orientation';
import { onlyOne, readImages, readScans } from './read-scan';
import type { Scan } from './scan';

export type { CaseFiles, Dataset, Finding } from './layouts/layout';

/** In the order in which they are tried: each matches what the ones before leave. */
const layouts: readonly Layout[] = [nnunet, decathlon, bids, twoFolders, freesurfer];

export interface LoadedCase {
  readonly id: string;
  /** One for each contrast, all on one grid, in RAS order. */
  readonly images: readonly Scan[];
  /** On the grid of the images. */
  readonly labels: LabelVolume;
}

/**
 * The data set of a folder.
 * @param skipBroken a case with a problem is no reason to refuse the others; reading it says what is wrong
 * @throws GyraError naming every file that is missing or has no partner
 */
export async function openDataset(folder: string, { skipBroken = false } = {}): Promise<Dataset> {
  const { dataset, problems } = await surveyDataset(folder);
  const fatal = skipBroken ? problems.filter((problem) => problem.case === undefined) : problems;
  if (fatal.length === 1) throw new GyraError(fatal[0]!.code, fatal[0]!.message, fatal[0]!.remedy);
  if (fatal.length > 1) {
    const shown = fatal.slice(0, 5).map(({ message }) => message).join(' ');
    throw badInput(`${basename(folder)} has ${fatal.length} problems. ${shown}`, `${fatal[0]!.remedy} gyra info lists all of them.`);
  }
  // by its list of files alone a case may look whole: two contrasts of three, or of another name
  return { ...dataset, cases: dataset.cases.map((one) => {
    const problem = problems.find((found) => found.case === one.id);
    return problem ? { ...one, problem } : one;
  }) };
}

/** What a folder holds and what is wrong with its list of files; contents of images are not looked at. */
export async function surveyDataset(folder: string): Promise<Survey & { readonly layout: string | null }> {
  const name = basename(folder);
  const found = await stat(folder).catch(() => null);
  const empty = { name, folder, structures: [], contrasts: [], cases: [] };
  const readLayouts = `Give a folder laid out as one of: ${layouts.map(({ title }) => title).join('; ')}.`;
  if (!found?.isDirectory()) return { layout: null, dataset: empty, problems: [{ code: found ? 'bad-input' : 'not-found', message: found ? `${name} is a file, not the folder of a data set.` : `${name} was not found.`, remedy: readLayouts }] };
  const names = await namesIn(folder);
  for (const layout of layouts)
    if (await layout.matches(folder, names)) {
      const { dataset, problems } = await layout.survey(folder);
      return { layout: layout.title, dataset, problems: [...problems, ...sameNames(dataset)] };
    }
  return { layout: null, dataset: empty, problems: [{ code: 'bad-input', message: `${name} is laid out in none of the ways that are read.`, remedy: readLayouts }] };
}

/** Cases are asked for by name, so of two with one name the second would never be read. */
function sameNames({ folder, cases }: Dataset): Finding[] {
  const first = new Map<string, CaseFiles>();
  return cases.flatMap((one) => {
    const other = first.get(one.id);
    if (!other) first.set(one.id, one);
    return other ? [finding(`Case ${one.id} is there twice: ${[other, one].map(({ imagePaths }) => relative(folder, imagePaths[0]!)).join(' and ')}.`, 'Give each case a name of its own, or take one of the two out.')] : [];
  });
}

/** Those that are segmented: all but a label that counts nowhere. */
export const structuresBeside = (ignoreLabel: number | undefined, structures: readonly Structure[]): Structure[] => structures.filter(({ value }) => value !== ignoreLabel);

/** Images and labels of one case, checked: readable, as many contrasts as the data set has, on the same grid, only listed labels and the one to ignore. In RAS order. */
export async function loadCase(dataset: Dataset, files: CaseFiles, ignoreLabel = dataset.ignoreLabel): Promise<LoadedCase> {
  const { images, labels } = await loadAsStored(dataset, files, ignoreLabel);
  return { id: files.id, images: images.map((image) => toRas(image)), labels: toRas(labels) };
}

async function loadAsStored({ name, structures, contrasts, labelOfCode }: Dataset, { imagePaths, labelPath, problem }: CaseFiles, ignoreLabel: number | undefined): Promise<Omit<LoadedCase, 'id'>> {
  if (problem) throw new GyraError(problem.code, problem.message, problem.remedy);
  const images: Scan[] = [];
  const imageName = basename(imagePaths[0]!);
  for (const path of imagePaths)
    for (const image of await readImages(path)) {
      images.push(image);
      checkSameGrid(image, `Image ${basename(path)}`, images[0]!, imageName);
    }
  if (images.length !== contrasts.length) throw badInput(`${imageName} holds ${images.length} contrast${images.length === 1 ? '' : 's'}, and ${name} names ${contrasts.length} (${contrasts.join(', ')}).`, 'Give every case the contrasts that are listed, or correct the list.');
  // Images and labels often have the same name.
  const labelName = `Label ${basename(labelPath)}`;
  const labels = labelsOf(onlyOne(await readScans(labelPath), labelName), labelName, structures, { ignoreLabel, labelOfCode });
  checkSameGrid(labels, labelName, images[0]!, imageName);
  return { images, labels };
}

/** The cases that can be read, and what is wrong with the others. */
export async function soundCases(dataset: Dataset, cases: readonly CaseFiles[], ignoreLabel?: number): Promise<{ sound: CaseFiles[]; skipped: { case: string; reason: string }[] }> {
  const sound: CaseFiles[] = [];
  const skipped: { case: string; reason: string }[] = [];
  for (const files of cases)
    await loadCase(dataset, files, ignoreLabel).then(
      () => sound.push(files),
      (thrown: unknown) => skipped.push({ case: files.id, reason: problemFrom(thrown).message }),
    );
  return { sound, skipped };
}

export interface DatasetCheck {
  readonly problems: readonly Finding[];
  /** What a person should know and nothing refuses: headers that differ from the others, axes that are oblique ... */
  readonly notices: readonly string[];
}

/** Reads every case and collects what is wrong and what is odd. */
export async function checkCases(dataset: Dataset, onProgress: (done: number, of: number) => void): Promise<DatasetCheck> {
  const problems: Finding[] = [];
  const notices: string[] = [];
  const orientations = new Map<string, string>();
  const spacings = new Map<string, string>();
  const firstWith = new Map<string, string>();
  const present = new Set<number>();
  for (const [index, files] of dataset.cases.entries()) {
    const { id } = files;
    try {
      const { images, labels } = await loadAsStored(dataset, files, dataset.ignoreLabel);
      const [image, ...more] = images as [Scan, ...Scan[]];
      orientations.set(id, image.orientation);
      // along right, front, up, as orientations may differ
      spacings.set(id, printSpacing(gridInRas(image).spacingMm.map((size) => Number(size.toFixed(2)))));
      notices.push(...geometryNotices(image.geometry).map((notice) => `${id}: ${notice}`));
      for (const [what, grid] of [['Labels', labels], ...more.map((contrast, i) => [dataset.contrasts[i + 1]!, contrast] as const)] as const) {
        const apart = grid.orientation === image.orientation ? cornersApartVoxels(grid, image) : 0;
        if (apart > 0.5) notices.push(`${id}: ${what} and image have headers ${apart.toFixed(1)} voxels apart; they are laid on each other voxel by voxel.`);
      }
      const found = new Set(labels.data);
      if (found.size === 1 && found.has(0)) notices.push(`${id}: The labels are empty.`);
      for (const value of found) present.add(value);
      const hash = createHash('sha256').update(image.shape.join()).update(new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength)).digest('hex');
      const twin = firstWith.get(hash);
      if (twin !== undefined) problems.push({ code: 'bad-input', message: `Cases ${twin} and ${id} have the same image.`, remedy: 'Take one of them out: a case that trains and tests makes results look better than they are.', case: id });
      firstWith.set(hash, twin ?? id);
    } catch (thrown) {
      problems.push({ ...problemFrom(thrown), case: id });
    }
    onProgress(index + 1, dataset.cases.length);
  }
  for (const structure of present.size > 0 ? dataset.structures : []) if (!labelsIn(structure).some((value) => present.has(value))) notices.push(`${structure.name} is in none of the cases.`);
  return { problems, notices: [...orientationNotices(orientations), ...spacingNotices(spacings), ...notices] };
}

/** Cases whose axes run otherwise than those of most: turned alike when read, but a header that is wrong would be followed too. */
function orientationNotices(orientations: ReadonlyMap<string, string>): string[] {
  const { usual, count, others } = unlikeTheOthers(orientations);
  const turned = usual === undefined || usual === 'RAS' ? [] : [`The axes run ${usual} in ${count} of ${orientations.size} cases; all are turned to RAS when they are read.`];
  return [...turned, ...others.map(([id, orientation]) => `${id}: The axes run ${orientation}, and ${usual} in ${count} of ${orientations.size} cases: the header may be flipped. It is followed.`)];
}

function spacingNotices(spacings: ReadonlyMap<string, string>): string[] {
  const { usual, count, others } = unlikeTheOthers(spacings);
  return others.map(([id, spacing]) => `${id}: The voxels are ${spacing}, and ${usual} in ${count} of ${spacings.size} cases: networks see voxels, and its anatomy has another size in them.`);
}

/** What most cases have, how many have it, and the cases that have something else. */
function unlikeTheOthers(ofCases: ReadonlyMap<string, string>): { usual?: string; count: number; others: [id: string, value: string][] } {
  const counts = new Map<string, number>();
  for (const value of ofCases.values()) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [usual, count] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [undefined, 0];
  return { usual, count, others: [...ofCases].filter(([, value]) => value !== usual) };
}
