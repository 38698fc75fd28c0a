/** @file Folders laid out as in the Medical Segmentation Decathlon (Antonelli et al., Nature Communications 2022): dataset.json, imagesTr/, labelsTr/. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { z } from 'zod';
import type { Structure } from '../contract/engine-api';
import { badInput, GyraError, problemFrom, type Problem } from '../contract/problem';
import { readBytes, readJson } from './file-access';
import { checkSameGrid, readLabels, type LabelVolume } from './labels';
import { readImage, type NiftiVolume } from './nifti';

export interface CaseFiles {
  /** Name of the label file without its ending. */
  readonly id: string;
  /** One file for each contrast, in the order of {@link Dataset.contrasts}. */
  readonly imagePaths: readonly string[];
  readonly labelPath: string;
}

export interface Dataset {
  readonly name: string;
  readonly folder: string;
  readonly structures: readonly Structure[];
  /** Names of the contrasts each case has. */
  readonly contrasts: readonly string[];
  readonly cases: readonly CaseFiles[];
}

export interface LoadedCase {
  readonly id: string;
  /** One for each contrast, all on one grid. */
  readonly images: readonly NiftiVolume[];
  readonly labels: LabelVolume;
}

const datasetJson = z.looseObject({
  name: z.string().default('unnamed'),
  modality: z.record(z.string(), z.string()).default({ 0: 'image' }),
  labels: z.record(z.string().regex(/^\d+$/, 'labels are listed as {"1": "name"}'), z.string()),
  training: z.array(z.looseObject({ image: z.string(), label: z.string() })),
});

/** The data set of a folder. Throws a GyraError naming every file that is missing or has no partner. */
export async function openDataset(folder: string): Promise<Dataset> {
  const { dataset, problems } = await surveyDataset(folder);
  if (problems.length === 1) throw new GyraError(problems[0].code, problems[0].message, problems[0].remedy);
  if (problems.length > 1) {
    const shown = problems.slice(0, 5).map(({ message }) => message).join(' ');
    throw badInput(`${basename(folder)} has ${problems.length} problems. ${shown}`, `${problems[0].remedy} gyra info lists all of them.`);
  }
  return dataset;
}

/** What a folder holds and what is wrong with its list of files; contents of volumes are not looked at. */
export async function surveyDataset(folder: string): Promise<{ dataset: Dataset; problems: readonly Problem[] }> {
  const name = basename(folder);
  const listing = await readListing(folder);
  const structures = Object.entries(listing.labels).map(([value, label]) => ({ value: Number(value), name: label })).filter(({ value }) => value > 0).sort((a, b) => a.value - b.value);
  const entries = listing.training.map(({ image, label }) => ({ id: withoutEnding(basename(label)), imagePath: normalize(image), labelPath: normalize(label) }));
  const problems = [...listing.problems];
  const say = (message: string, remedy: string): unknown => problems.push({ code: 'bad-input', message, remedy });
  if (listing.problems.length === 0 && entries.length === 0) say(`${name} lists no training cases in dataset.json.`, 'List at least one image with its label under "training".');
  if (listing.problems.length === 0 && structures.length === 0) say(`${name} lists no structures in dataset.json.`, 'Name each label value under "labels", as in {"0": "background", "1": "Anterior"}.');
  const images = await niftiFiles(folder, 'imagesTr');
  const labels = await niftiFiles(folder, 'labelsTr');
  const seen = new Set<string>();
  for (const { id, imagePath, labelPath } of entries) {
    if (seen.has(id)) say(`Case ${id} is listed twice in dataset.json.`, 'Remove one of the two entries.');
    seen.add(id);
    for (const path of [imagePath, labelPath]) {
      if (path.startsWith('..')) say(`${basename(path)} lies outside the data set's folder.`, 'Put the file into the folder and list it with its place there.');
      else if (!(await isFile(join(folder, path)))) say(`${basename(path)} is listed in dataset.json and is not in the folder.`, 'Copy the file there, or remove its entry.');
    }
  }
  // A file that is listed counts as its partner's, whatever its name.
  const listedImages = new Set(entries.map(({ imagePath }) => basename(imagePath)));
  const listedLabels = new Set(entries.map(({ labelPath }) => basename(labelPath)));
  for (const image of images) if (!labels.includes(image) && !listedImages.has(image)) say(`Image ${image} has no label.`, 'Add its label to labelsTr, or take the image out of imagesTr.');
  for (const label of labels) if (!images.includes(label) && !listedLabels.has(label)) say(`Label ${label} has no image.`, 'Add its image to imagesTr, or take the label out of labelsTr.');
  const cases = entries.map(({ id, imagePath, labelPath }) => ({ id, imagePaths: [join(folder, imagePath)], labelPath: join(folder, labelPath) }));
  return { dataset: { name: listing.name, folder, structures, contrasts: Object.values(listing.modality), cases }, problems };
}

/** Images and labels of one case, checked: readable, on the same grid, only listed labels and the one to ignore. */
export async function loadCase({ structures }: Dataset, { id, imagePaths, labelPath }: CaseFiles, ignoreLabel?: number): Promise<LoadedCase> {
  const images: NiftiVolume[] = [];
  for (const path of imagePaths) images.push(readImage(await readBytes(path), basename(path)));
  const imageNames = imagePaths.map((path) => basename(path));
  images.forEach((image, contrast) => checkSameGrid(image, `Image ${imageNames[contrast]}`, images[0]!, imageNames[0]!));
  // Images and labels often have the same name.
  const labelName = `Label ${basename(labelPath)}`;
  const labels = readLabels(await readBytes(labelPath), labelName, structures, ignoreLabel);
  checkSameGrid(labels, labelName, images[0]!, imageNames[0]!);
  return { id, images, labels };
}

/** Reads every case and collects what is wrong. */
export async function checkCases(dataset: Dataset, onProgress: (done: number, of: number) => void): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const [index, files] of dataset.cases.entries()) {
    await loadCase(dataset, files).catch((thrown: unknown) => problems.push(problemFrom(thrown)));
    onProgress(index + 1, dataset.cases.length);
  }
  return problems;
}

interface Listing extends z.output<typeof datasetJson> {
  /** Why the listing is empty. */
  problems: readonly Problem[];
}

async function readListing(folder: string): Promise<Listing> {
  try {
    return { ...(await readJson(join(folder, 'dataset.json'), datasetJson)), problems: [] };
  } catch (thrown) {
    const problem = problemFrom(thrown);
    const found = await stat(folder).catch(() => null);
    const message = found === null ? `${basename(folder)} was not found.` : found.isDirectory() ? `${basename(folder)} has no dataset.json.` : `${basename(folder)} is a file, not the folder of a data set.`;
    const missing = { code: problem.code, message, remedy: 'Give a folder of the Medical Segmentation Decathlon: dataset.json, imagesTr and labelsTr.' };
    return { name: basename(folder), modality: {}, labels: {}, training: [], problems: [problem.code === 'not-found' ? missing : problem] };
  }
}

/** NIfTI files of a subfolder; none where it is missing. Hidden files are what macOS leaves in archives. */
async function niftiFiles(folder: string, subfolder: string): Promise<string[]> {
  const names = await readdir(join(folder, subfolder)).catch(() => []);
  return names.filter((name) => /\.nii(\.gz)?$/.test(name) && !name.startsWith('.')).sort();
}

const withoutEnding = (name: string): string => name.replace(/\.nii(\.gz)?$/, '');
const isFile = (path: string): Promise<boolean> => stat(path).then((found) => found.isFile(), () => false);
