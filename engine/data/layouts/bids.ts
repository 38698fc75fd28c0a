/** @file BIDS data sets with segmentations among their derivatives (bids-specification.readthedocs.io, "Imaging derivatives"): sub-01/[ses-1/]anat/sub-01_T1w.nii.gz and derivatives/NAME/sub-01/[ses-1/]anat/..._dseg.nii.gz or ..._mask.nii.gz. */
import { basename, dirname, join, relative } from 'node:path';
import { withoutEnding } from '../read-scan';
import { foldersIn, namesIn, twins, volumesIn } from './folder-listing';
import { readLabelNames, structuresIn } from './label-names';
import { finding, type CaseFiles, type Finding, type Layout } from './layout';

/** Suffixes of images, the first that most cases have is used: raw contrasts rarely lie on one grid. */
const contrasts = ['T1w', 'T2w', 'FLAIR', 'PDw', 'T2star', 'inplaneT1'];

interface Visit {
  /** sub-01 or sub-01_ses-1. */
  readonly id: string;
  readonly subject: string;
  /** Below the data set or a derivative. */
  readonly anat: string;
}

/** A kind of segmentation: what its name says beside subject, session and the image it is of. */
interface Kind {
  readonly pipeline: string;
  readonly entities: string;
}

/** Entities by which images of one visit are told apart; a segmentation repeats those of its image. */
const imageEntity = /^(acq|ce|trc|rec|dir|run|mod|echo|flip|inv|mt|part|chunk)-/;

interface Segmentation {
  readonly path: string;
  /** Of its image: run-1 ... */
  readonly ofImage: readonly string[];
}

export const bids: Layout = {
  title: 'BIDS with derivatives',
  async matches(folder, names) {
    return names.includes('derivatives') && names.some((name) => /^sub-/.test(name));
  },
  async survey(folder) {
    const problems: Finding[] = [];
    const visits = await visitsOf(folder);
    const images = new Map<string, readonly string[]>();
    for (const { id, anat } of visits) images.set(id, await volumesIn(join(folder, anat)));
    const imagesOf = (id: string, contrast: string): readonly string[] => images.get(id)!.filter((name) => withoutEnding(name).endsWith(`_${contrast}`));
    const count = (contrast: string): number => visits.filter(({ id }) => imagesOf(id, contrast).length > 0).length;
    const contrast = contrasts.reduce((one, other) => (count(other) > count(one) ? other : one));
    const { kind, labels } = await segmentations(folder);
    const cases: CaseFiles[] = [];
    for (const { id: visit, subject, anat } of visits) {
      const [own, segmented] = [imagesOf(visit, contrast), labels.get(visit) ?? []];
      if (own.length === 0 && segmented.length === 0) continue;
      // a visit is one case, or where several of its images are segmented, each of these
      for (const segmentation of segmented.length > 0 ? segmented : [null]) {
        const id = segmented.length > 1 ? [visit, ...segmentation!.ofImage].join('_') : visit;
        const label = segmentation?.path;
        const candidates = segmentation ? nearest(own, visit, segmentation.ofImage) : own;
        const image = candidates.length > 1 && segmentation ? undefined : candidates[0];
        if (!image && candidates.length > 1) problems.push(finding(`${id} has ${candidates.length} images ${contrast} (${candidates.join(', ')}), and its segmentation does not say of which it is.`, 'Give the segmentation the entities of its image, as in run-1, or take the other images out.', id));
        else if (!image) problems.push(finding(`${id} has a segmentation and no ${contrast} image.`, 'Add the image, or take the segmentation out.', id));
        if (!label) problems.push(finding(`${id} has no segmentation${kind ? ` ${kind.entities} in derivatives/${kind.pipeline}` : ' among the derivatives'}.`, 'Add it, or take the image out.', id));
        for (const path of [image && join(folder, anat, image), label]) if (path) problems.push(...twins(relative(folder, dirname(path)), (await volumesIn(dirname(path))).filter((name) => withoutEnding(name) === withoutEnding(basename(path)))));
        cases.push({ id, subject, imagePaths: [join(folder, anat, image ?? `${[id, ...(segmentation?.ofImage ?? [])].join('_')}_${contrast}.nii.gz`)], labelPath: label ?? join(folder, `${id}_dseg.nii.gz`) });
      }
    }
    if (cases.length === 0) problems.push(finding(`${basename(folder)} has no anatomical images with segmentations.`, 'Put images under sub-*/anat and segmentations (_dseg or _mask) under derivatives/NAME/sub-*/anat.'));
    const labelPaths = [...labels.values()].flatMap((segmented) => segmented.map(({ path }) => path));
    const names = kind && (await namesOf(folder, kind, labelPaths));
    const { problems: unnamed, ...structures } = await structuresIn(labelPaths, names ?? null, 'Add the table of the labels (dseg.tsv with the columns index and name) to the derivative.');
    return { dataset: { name: basename(folder), folder, contrasts: [contrast], cases, ...structures }, problems: [...problems, ...unnamed] };
  },
};

/** Subjects, or their sessions. */
async function visitsOf(folder: string): Promise<Visit[]> {
  const visits: Visit[] = [];
  for (const subject of await foldersIn(folder, /^sub-/)) {
    const sessions = await foldersIn(join(folder, subject), /^ses-/);
    if (sessions.length === 0) visits.push({ id: subject, subject, anat: join(subject, 'anat') });
    for (const session of sessions) visits.push({ id: `${subject}_${session}`, subject, anat: join(subject, session, 'anat') });
  }
  return visits;
}

/** Of the images of a visit those that a segmentation can be of: none of their entities differs from its own, and as many as possible are among these. */
function nearest(images: readonly string[], visit: string, ofImage: readonly string[]): string[] {
  const entitiesOf = (image: string): string[] => withoutEnding(image).slice(visit.length + 1).split('_').filter((entity) => imageEntity.test(entity));
  const keyOf = (entity: string): string => entity.slice(0, entity.indexOf('-'));
  const possible = images.filter((image) => entitiesOf(image).every((entity) => ofImage.includes(entity) || !ofImage.some((one) => keyOf(one) === keyOf(entity))));
  const agreement = (image: string): number => entitiesOf(image).reduce((sum, entity) => sum + (ofImage.includes(entity) ? 1 : -1), 0);
  const most = Math.max(...possible.map(agreement));
  // of one name in two formats the first: twins are told elsewhere
  return possible.filter((image, i) => agreement(image) === most && possible.findIndex((other) => withoutEnding(other) === withoutEnding(image)) === i);
}

/** The kind of segmentation most visits have, discrete ones before masks, and its files for each visit. Those in a template's space do not lie on the image and are left out. */
async function segmentations(folder: string): Promise<{ kind: Kind | null; labels: Map<string, Segmentation[]> }> {
  const found = new Map<string, { kind: Kind; labels: Map<string, Segmentation[]> }>();
  for (const pipeline of await foldersIn(join(folder, 'derivatives')))
    for (const { id, anat } of await visitsOf(join(folder, 'derivatives', pipeline)))
      for (const name of await volumesIn(join(folder, 'derivatives', pipeline, anat))) {
        const stated = withoutEnding(name).slice(id.length + 1).split('_');
        const ofImage = stated.filter((entity) => imageEntity.test(entity));
        const entities = stated.filter((entity) => !imageEntity.test(entity)).join('_');
        if (!/(^|_)(dseg|mask)$/.test(entities) || /(^|_)space-(?!T1w|T2w|orig|individual|scanner)/.test(entities)) continue;
        const key = `${pipeline} ${entities}`;
        const entry = found.get(key) ?? { kind: { pipeline, entities }, labels: new Map<string, Segmentation[]>() };
        const others = (entry.labels.get(id) ?? []).filter((other) => other.ofImage.join() !== ofImage.join());
        entry.labels.set(id, [...others, { path: join(folder, 'derivatives', pipeline, anat, name), ofImage }]);
        found.set(key, entry);
      }
  const rank = ({ kind, labels }: { kind: Kind; labels: Map<string, Segmentation[]> }): number => (kind.entities.endsWith('dseg') ? 1e9 : 0) + labels.size;
  const [best] = [...found.values()].sort((a, b) => rank(b) - rank(a));
  return best ?? { kind: null, labels: new Map() };
}

/** The table of a segmentation: beside a file, or further up, where it counts for all of its kind; a mask is named by what it is of. */
async function namesOf(folder: string, { pipeline, entities }: Kind, paths: readonly string[]): Promise<Map<number, string> | null> {
  const root = join(folder, 'derivatives', pipeline);
  const tables = (await namesIn(root)).filter((name) => name.endsWith('dseg.tsv') && entities.endsWith(name.replace(/\.tsv$/, '')));
  const beside = paths.slice(0, 1).map((path) => `${withoutEnding(path)}.tsv`);
  for (const table of [...beside, ...tables.map((name) => join(root, name))]) {
    const names = await readLabelNames(table);
    if (names) return new Map([...names].filter(([value]) => value !== 0));
  }
  return entities.endsWith('mask') ? new Map([[1, /label-([^_]+)/.exec(entities)?.[1] ?? /desc-([^_]+)/.exec(entities)?.[1] ?? 'mask']]) : null;
}
