/** @file Two folders, one of images and one of labels, matched by name whatever the endings: images/a.mha with labels/a.nii.gz. An image may be a folder with one DICOM series, or several files a_0000, a_0001 ... */
import { basename, join } from 'node:path';
import { withoutEnding } from '../read-scan';
import { groupChannels, twins, volumesIn, type Channels } from './folder-listing';
import { readLabelNames, structuresIn } from './label-names';
import { finding, type Finding, type Layout } from './layout';

const imageFolder = /^(images?|imgs?|scans?|volumes?)$/i;
const labelFolder = /^(labels?|masks?|segs?|segmentations?|annotations?)$/i;
const namesFile = 'labels.json';

export const twoFolders: Layout = {
  title: 'two folders, images and labels',
  matches: (_, names) => names.some((name) => imageFolder.test(name)) && names.some((name) => labelFolder.test(name)),
  async survey(folder) {
    const entries = await volumesIn(folder, { series: true });
    const images = entries.find((name) => imageFolder.test(name)) ?? 'images';
    const labels = entries.find((name) => labelFolder.test(name)) ?? 'labels';
    const labelFiles = await volumesIn(join(folder, labels));
    const labelOf = new Map(labelFiles.map((name) => [withoutEnding(name), name]));
    const cases = channelsOf(await volumesIn(join(folder, images), { series: true }), labelOf);
    // what stands behind the case's name: cases may have as many files and yet other contrasts
    const channels = Math.max(1, new Set(cases.flatMap(({ id, names }) => names.map((name) => withoutEnding(name).slice(id.length)))).size);
    const problems: Finding[] = twins(labels, labelFiles);
    if (cases.length === 0) problems.push(finding(`${basename(folder)}/${images} holds no images.`, 'Put volumes there (NIfTI, NRRD, MetaImage, MGH, or folders of DICOM series).'));
    for (const { id, names } of cases) {
      if (!labelOf.has(id)) problems.push(finding(`Image ${names[0]} has no label.`, `Add ${labels}/${id} in any format, or take the image out of ${images}.`, id));
      if (names.length < channels) problems.push(finding(`Case ${id} has ${names.length} of ${channels} images.`, 'Give every case the same contrasts.', id));
    }
    for (const [id, name] of labelOf) if (!cases.some((one) => one.id === id)) problems.push(finding(`Label ${name} has no image.`, `Add ${images}/${id} in any format, or take the label out of ${labels}.`, id));
    const labelPaths = cases.flatMap(({ id }) => (labelOf.has(id) ? [join(folder, labels, labelOf.get(id)!)] : []));
    const names = await readLabelNames(join(folder, namesFile));
    const { problems: unnamed, ...structures } = await structuresIn(labelPaths, names, `Name them in ${namesFile}, as in {"17": "hippocampus"}; the others are background.`);
    problems.push(...unnamed);
    const dataset = {
      name: basename(folder),
      folder,
      contrasts: Array.from({ length: channels }, (_, channel) => (channels === 1 ? 'image' : `channel ${channel}`)),
      cases: cases.map((one) => ({ id: one.id, imagePaths: one.names.map((name) => join(folder, images, name)), labelPath: join(folder, labels, labelOf.get(one.id) ?? one.id) })),
      ...structures,
    };
    if (dataset.structures.length === 0 && problems.length === 0) problems.push(finding(`The labels of ${basename(folder)} are empty.`, `Give labels other than 0, or name them in ${namesFile}, as in {"1": "tumour"}.`));
    return { dataset, problems };
  },
};

/** Channels where every name has a number of four digits and labels are not called by it (OAS1_0001 is a case, no channel), else one image a case. */
function channelsOf(names: readonly string[], labelOf: ReadonlyMap<string, string>): Channels[] {
  const grouped = groupChannels(names);
  const isCaseNumber = names.some((name) => labelOf.has(withoutEnding(name)));
  return names.length > 0 && !isCaseNumber && grouped.reduce((sum, group) => sum + group.names.length, 0) === names.length ? grouped : names.map((name) => ({ id: withoutEnding(name), names: [name] }));
}
