/** @file Folders laid out as in the Medical Segmentation Decathlon (Antonelli et al., Nature Communications 2022): dataset.json, imagesTr/, labelsTr/. Several contrasts stand in one four-dimensional image. */
import { basename, join, normalize } from 'node:path';
import { z } from 'zod';
import { problemFrom } from '../../contract/problem';
import type { Structure } from '../../contract/structure';
import { exists, readJson } from '../file-access';
import { withoutEnding } from '../read-scan';
import { volumesIn } from './folder-listing';
import { finding, type Finding, type Layout, type Survey } from './layout';

const datasetJson = z.looseObject({
  name: z.string().default('unnamed'),
  modality: z.record(z.string(), z.string()).default({ 0: 'image' }),
  labels: z.record(z.string().regex(/^\d+$/, 'labels are listed as {"1": "name"}'), z.string()),
  training: z.array(z.looseObject({ image: z.string(), label: z.string() })),
});

export const decathlon: Layout = {
  title: 'Medical Segmentation Decathlon',
  // A folder that lost its list is told what is missing.
  matches: (_, names) => names.includes('dataset.json') || (names.includes('imagesTr') && names.includes('labelsTr')),
  survey,
};

async function survey(folder: string): Promise<Survey> {
  const listing = await readListing(folder);
  const structures = structuresOf(listing);
  const entries = listing.training.map(({ image, label }) => ({ id: withoutEnding(basename(label)), imagePath: normalize(image), labelPath: normalize(label) }));
  const problems: Finding[] = [...listing.problems];
  const name = basename(folder);
  if (listing.problems.length === 0 && entries.length === 0) problems.push(finding(`${name} lists no training cases in dataset.json.`, 'List at least one image with its label under "training".'));
  if (listing.problems.length === 0 && structures.length === 0) problems.push(finding(`${name} lists no structures in dataset.json.`, 'Name each label value under "labels", as in {"0": "background", "1": "Anterior"}.'));
  for (const { id, imagePath, labelPath } of entries) {
    for (const path of [imagePath, labelPath]) {
      if (path.startsWith('..')) problems.push(finding(`${basename(path)} lies outside the data set's folder.`, 'Put the file into the folder and list it with its place there.', id));
      else if (!(await exists(join(folder, path)))) problems.push(finding(`${basename(path)} is listed in dataset.json and is not in the folder.`, 'Copy the file there, or remove its entry.', id));
    }
  }
  // A file that is listed counts as its partner's, whatever its name.
  const [images, labels] = [await volumesIn(join(folder, 'imagesTr')), await volumesIn(join(folder, 'labelsTr'))];
  const listedImages = new Set(entries.map(({ imagePath }) => basename(imagePath)));
  const listedLabels = new Set(entries.map(({ labelPath }) => basename(labelPath)));
  for (const image of images) if (!labels.includes(image) && !listedImages.has(image)) problems.push(finding(`Image ${image} has no label.`, 'Add its label to labelsTr, or take the image out of imagesTr.', withoutEnding(image)));
  for (const label of labels) if (!images.includes(label) && !listedLabels.has(label)) problems.push(finding(`Label ${label} has no image.`, 'Add its image to imagesTr, or take the label out of labelsTr.', withoutEnding(label)));
  const cases = entries.map(({ id, imagePath, labelPath }) => ({ id, imagePaths: [join(folder, imagePath)], labelPath: join(folder, labelPath) }));
  return { dataset: { name: listing.name, folder, structures, contrasts: Object.values(listing.modality), cases }, problems };
}

/** The regions in which tumours of Task01 are scored (BraTS: Menze et al., IEEE TMI 2015), from its exclusive labels. */
const tumourRegions: readonly Structure[] = [
  { value: 1, name: 'Whole tumour', values: [1, 2, 3] },
  { value: 2, name: 'Tumour core', values: [2, 3] },
  { value: 3, name: 'Enhancing tumour', values: [3] },
];

function structuresOf({ labels }: z.output<typeof datasetJson>): Structure[] {
  const isTumour = /^edema$/i.test(labels['1'] ?? '') && /^non-enhancing tumou?r$/i.test(labels['2'] ?? '') && /^enhancing tumou?r$/i.test(labels['3'] ?? '');
  if (isTumour) return [...tumourRegions];
  return Object.entries(labels).map(([value, name]) => ({ value: Number(value), name })).filter(({ value }) => value > 0).sort((a, b) => a.value - b.value);
}

interface Listing extends z.output<typeof datasetJson> {
  /** Why the listing is empty. */
  problems: readonly Finding[];
}

async function readListing(folder: string): Promise<Listing> {
  try {
    return { ...(await readJson(join(folder, 'dataset.json'), datasetJson)), problems: [] };
  } catch (thrown) {
    const problem = problemFrom(thrown);
    const missing = { ...problem, message: `${basename(folder)} has no dataset.json.`, remedy: 'Add the list of its cases; the README, section Data, says what is read.' };
    return { name: basename(folder), modality: {}, labels: {}, training: [], problems: [problem.code === 'not-found' ? missing : problem] };
  }
}
