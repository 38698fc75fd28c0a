/**
 * @file A folder of subjects as Mindboggle101 (Klein and Tourville, Frontiers in Neuroscience 2012) and FreeSurfer lay them out: SUBJECT/t1weighted.nii.gz with labels.DKT31.manual+aseg.nii.gz,
 * or SUBJECT/mri/T1.mgz with aseg.mgz. The structures are the paper's seven (MELBA 2024:010, section 4), from FreeSurfer's codes, left and right merged.
 */
import { basename, dirname, join } from 'node:path';
import { isVolumeName, withoutEnding } from '../read-scan';
import { foldersIn, namesIn } from './folder-listing';
import { finding, type Dataset, type Finding, type Layout } from './layout';

/** FreeSurferColorLUT.txt. Lateral ventricles without their inferior horns (5, 44); the vermis lobules 630 to 632 are Mindboggle's and part of the cerebellum. */
const codes: readonly { readonly name: string; readonly codes: readonly number[] }[] = [
  { name: 'Cerebellum', codes: [7, 8, 46, 47, 630, 631, 632] },
  { name: 'Hippocampus', codes: [17, 53] },
  { name: 'Lateral ventricles', codes: [4, 43] },
  { name: 'Caudate', codes: [11, 50] },
  { name: 'Putamen', codes: [12, 51] },
  { name: 'Pallidum', codes: [13, 52] },
  { name: 'Brain stem', codes: [16] },
];

/** File names without ending, the best first. Every subject is read from the same kind of image. */
const imageNames = ['t1weighted', 'T1', 't1weighted_brain', 'brain', 'norm', 'orig'];
const labelNames = ['labels.DKT31.manual+aseg', 'labels.DKT25.manual+aseg', 'aparc+aseg', 'aparc.DKTatlas+aseg', 'aseg'];

interface Subject {
  readonly id: string;
  readonly folder: string;
  /** File names by what they are without ending. */
  readonly files: ReadonlyMap<string, string>;
}

export const freesurfer: Layout = {
  title: 'Mindboggle101 or FreeSurfer subjects',
  async matches(folder, names) {
    return !names.includes('dataset.json') && (await subjectsOf(folder)).some(({ files }) => labelNames.some((name) => files.has(name)));
  },
  async survey(folder) {
    const subjects = await subjectsOf(folder);
    const image = most(imageNames, subjects);
    const label = most(labelNames, subjects);
    const problems: Finding[] = subjects.flatMap(({ id, files }) => [
      ...(image === undefined || files.has(image) ? [] : [finding(`Subject ${id} has no image ${image}.`, 'Add it, or take the subject out.', id)]),
      ...(label === undefined || files.has(label) ? [] : [finding(`Subject ${id} has no labels ${label}.`, 'Add them, or take the subject out.', id)]),
    ]);
    if (image === undefined) problems.push(finding(`${basename(folder)} has labels and no images.`, `Put ${imageNames.slice(0, 2).join(' or ')} (.nii.gz, .mgz) beside them.`));
    const dataset: Dataset = {
      name: basename(folder),
      folder,
      structures: codes.map(({ name }, i) => ({ value: i + 1, name })),
      contrasts: ['T1'],
      cases: subjects.map(({ id, folder: place, files }) => ({ id, imagePaths: [join(place, files.get(image ?? '') ?? `${image}`)], labelPath: join(place, files.get(label ?? '') ?? `${label}`) })),
      labelOfCode: new Map(codes.flatMap((structure, i) => structure.codes.map((code) => [code, i + 1] as const))),
    };
    return { dataset, problems };
  },
};

/** The kind of file most subjects have; of equals the better one. */
function most(kinds: readonly string[], subjects: readonly Subject[]): string | undefined {
  const count = (kind: string): number => subjects.filter(({ files }) => files.has(kind)).length;
  const best = kinds.reduce((one, other) => (count(other) > count(one) ? other : one));
  return count(best) > 0 ? best : undefined;
}

/** Averages and links to them that FreeSurfer puts beside the subjects: nobody's head. */
const templates = /^(fsaverage[3-6]?|fsaverage_sym|[lr]h\.EC_average|cvs_avg35(_inMNI152)?|V1_average)$/;

/** Folders with an image or labels of these names, up to three levels down: Mindboggle101 keeps its subjects in one folder for each source. */
async function subjectsOf(folder: string, depth = 3): Promise<Subject[]> {
  const found: Subject[] = [];
  for (const name of await foldersIn(folder)) {
    if (templates.test(name)) continue;
    const place = join(folder, name);
    const files = new Map((await namesIn(place)).filter((file) => isVolumeName(file) && [...imageNames, ...labelNames].includes(withoutEnding(file))).map((file) => [withoutEnding(file), file]));
    if (files.size > 0) found.push({ id: name === 'mri' ? basename(dirname(place)) : name, folder: place, files });
    else if (depth > 1) found.push(...(await subjectsOf(place, depth - 1)));
  }
  return found;
}
