/** @file nnU-Net's raw data sets (github.com/MIC-DKFZ/nnUNet, documentation/dataset_format.md and region_based_training.md): imagesTr/CASE_0000, CASE_0001 ... with one file a channel, labelsTr/CASE, dataset.json of version 2 or 1. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { problemFrom } from '../../contract/problem';
import type { Structure } from '../../contract/structure';
import { readJson } from '../file-access';
import { withoutEnding } from '../read-scan';
import { groupChannels, twins, volumesIn } from './folder-listing';
import { finding, type Finding, type Layout, type Survey } from './layout';

const channelNames = z.record(z.string().regex(/^\d+$/), z.string());
const label = z.union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1)]);
const datasetJson = z
  .looseObject({
    name: z.string().optional(),
    channel_names: channelNames.optional(),
    /** Version 1. */
    modality: channelNames.optional(),
    /** Name to label, or to the labels a region is the union of; in version 1 label to name. */
    labels: z.union([z.record(z.string(), label), z.record(z.string().regex(/^\d+$/), z.string())]),
    regions_class_order: z.array(z.int()).optional(),
    numTraining: z.int().optional(),
    file_ending: z.string().optional(),
  })
  .refine(({ channel_names, modality }) => channel_names ?? modality, 'channels are named under "channel_names", as in {"0": "T1"}');

export const nnunet: Layout = {
  title: 'nnU-Net raw',
  async matches(folder, names) {
    if (!names.includes('dataset.json')) return false;
    const text = await readFile(join(folder, 'dataset.json'), 'utf8').catch(() => '');
    return /"channel_names"/.test(text) || (await volumesIn(join(folder, 'imagesTr'))).some((name) => /_0000$/.test(withoutEnding(name)));
  },
  async survey(folder) {
    try {
      return await surveyListed(folder, await readJson(join(folder, 'dataset.json'), datasetJson));
    } catch (thrown) {
      return { dataset: { name: basename(folder), folder, structures: [], contrasts: [], cases: [] }, problems: [problemFrom(thrown)] };
    }
  },
};

async function surveyListed(folder: string, listing: z.output<typeof datasetJson>): Promise<Survey> {
  const ending = listing.file_ending;
  const hasEnding = (name: string): boolean => ending === undefined || name.endsWith(ending);
  const [imageNames, labelNames] = [(await volumesIn(join(folder, 'imagesTr'))).filter(hasEnding), (await volumesIn(join(folder, 'labelsTr'))).filter(hasEnding)];
  const images = groupChannels(imageNames);
  const labels = new Map(labelNames.map((name) => [withoutEnding(name), name]));
  const contrasts = Object.values(listing.channel_names ?? listing.modality!);
  const { structures, ignoreLabel, problems } = structuresOf(listing);
  problems.push(...twins('imagesTr', imageNames), ...twins('labelsTr', labelNames));
  const name = basename(folder);
  if (images.length === 0) problems.push(finding(`${name} has no images named CASE_0000${ending ?? '.nii.gz'} in imagesTr.`, 'Put one file for each channel there.'));
  if (structures.length === 0) problems.push(finding(`${name} lists no structures in dataset.json.`, 'Name each label under "labels", as in {"background": 0, "tumour": 1}.'));
  for (const { id, names } of images) {
    const channels = names.map((channel) => Number(withoutEnding(channel).slice(-4)));
    const missing = contrasts.flatMap((contrast, channel) => (channels.includes(channel) ? [] : [`_${String(channel).padStart(4, '0')} (${contrast})`]));
    if (missing.length > 0) problems.push(finding(`Case ${id} has no image ${missing.join(', ')}.`, 'Add the file to imagesTr, or take the case out.', id));
    if (names.length > contrasts.length) problems.push(finding(`Case ${id} has ${names.length} images, and dataset.json names ${contrasts.length} channel${contrasts.length === 1 ? '' : 's'}.`, 'Name every channel under "channel_names".', id));
    if (!labels.has(id)) problems.push(finding(`Case ${id} has no label in labelsTr.`, 'Add its label, or take its images out of imagesTr.', id));
  }
  for (const [id, file] of labels) if (!images.some((one) => one.id === id)) problems.push(finding(`Label ${file} has no image.`, 'Add its images to imagesTr, or take the label out of labelsTr.', id));
  const counted = images.filter(({ id }) => labels.has(id)).length;
  if (problems.length === 0 && listing.numTraining !== undefined && listing.numTraining !== counted) problems.push(finding(`dataset.json speaks of ${listing.numTraining} training cases, and there are ${counted}.`, 'Add the missing files, or correct numTraining.'));
  const cases = images.map(({ id, names }) => ({ id, imagePaths: names.map((file) => join(folder, 'imagesTr', file)), labelPath: join(folder, 'labelsTr', labels.get(id) ?? id) }));
  return { dataset: { name: listing.name ?? name, folder, structures, contrasts, cases, ...(ignoreLabel !== undefined && { ignoreLabel }) }, problems };
}

function structuresOf({ labels, regions_class_order: order }: z.output<typeof datasetJson>): { structures: Structure[]; ignoreLabel?: number; problems: Finding[] } {
  const entries = Object.entries(labels).map(([key, value]): [string, number | number[]] => (typeof value === 'string' ? [value, Number(key)] : [key, value]));
  const ignored = entries.find(([name]) => name === 'ignore')?.[1];
  const ignoreLabel = typeof ignored === 'number' ? ignored : undefined;
  const foreground = entries.filter(([name, value]) => name !== 'ignore' && value !== 0);
  if (!foreground.some(([, value]) => Array.isArray(value))) return { structures: foreground.map(([name, value]) => ({ value: value as number, name })).sort((a, b) => a.value - b.value), ignoreLabel, problems: [] };
  const twice = order?.find((value, i) => order.indexOf(value) < i);
  const problems = twice !== undefined ? [finding(`dataset.json has the label ${twice} twice in regions_class_order.`, 'Give each region a label of its own there: the one that no smaller region holds.')] : order?.length === foreground.length ? [] : [finding(`dataset.json lists ${foreground.length} regions, and regions_class_order has ${order?.length ?? 0} entries.`, 'Give the label of each region in regions_class_order, in the order of "labels".')];
  return { structures: foreground.map(([name, value], region) => ({ value: order?.[region] ?? region + 1, name, values: [value].flat() })), ignoreLabel, problems };
}
