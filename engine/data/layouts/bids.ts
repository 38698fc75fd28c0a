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

/** A kind of segmentation: what its name says beside subject and session. */
interface Kind {
  readonly pipeline: string;
  readonly entities: string;
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
    const imageOf = (id: string, contrast: string): string | undefined => images.get(id)?.find((name) => withoutEnding(name).endsWith(`_${contrast}`));
    const count = (contrast: string): number => visits.filter(({ id }) => imageOf(id, contrast)).length;
    const contrast = contrasts.reduce((one, other) => (count(other) > count(one) ? other : one));
    const { kind, labels } = await segmentations(folder);
    const cases: CaseFiles[] = [];
    for (const { id, subject, anat } of visits) {
      const [image, label] = [imageOf(id, contrast), labels.get(id)];
      if (!image && !label) continue;
      if (!image) problems.push(finding(`${id} has a segmentation and no ${contrast} image.`, 'Add the image, or take the segmentation out.', id));
      if (!label) problems.push(finding(`${id} has no segmentation${kind ? ` ${kind.entities} in derivatives/${kind.pipeline}` : ' among the derivatives'}.`, 'Add it, or take the image out.', id));
      for (const path of [image && join(folder, anat, image), label]) if (path) problems.push(...twins(relative(folder, dirname(path)), (await volumesIn(dirname(path))).filter((name) => withoutEnding(name) === withoutEnding(basename(path)))));
      cases.push({ id, subject, imagePaths: [join(folder, anat, image ?? `${id}_${contrast}.nii.gz`)], labelPath: label ?? join(folder, `${id}_dseg.nii.gz`) });
    }
    if (cases.length === 0) problems.push(finding(`${basename(folder)} has no anatomical images with segmentations.`, 'Put images under sub-*/anat and segmentations (_dseg or _mask) under derivatives/NAME/sub-*/anat.'));
    const names = kind && (await namesOf(folder, kind, [...labels.values()]));
    const { problems: unnamed, ...structures } = await structuresIn([...labels.values()], names ?? null, 'Add the table of the labels (dseg.tsv with the columns index and name) to the derivative.');
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

/** The kind of segmentation most visits have, discrete ones before masks, and its file for each visit. Those in a template's space do not lie on the image and are left out. */
async function segmentations(folder: string): Promise<{ kind: Kind | null; labels: Map<string, string> }> {
  const found = new Map<string, { kind: Kind; labels: Map<string, string> }>();
  for (const pipeline of await foldersIn(join(folder, 'derivatives')))
    for (const { id, anat } of await visitsOf(join(folder, 'derivatives', pipeline)))
      for (const name of await volumesIn(join(folder, 'derivatives', pipeline, anat))) {
        const entities = withoutEnding(name).slice(id.length + 1);
        if (!/(^|_)(dseg|mask)$/.test(entities) || /(^|_)space-(?!T1w|T2w|orig|individual|scanner)/.test(entities)) continue;
        const key = `${pipeline} ${entities}`;
        const entry = found.get(key) ?? { kind: { pipeline, entities }, labels: new Map<string, string>() };
        entry.labels.set(id, join(folder, 'derivatives', pipeline, anat, name));
        found.set(key, entry);
      }
  const rank = ({ kind, labels }: { kind: Kind; labels: Map<string, string> }): number => (kind.entities.endsWith('dseg') ? 1e9 : 0) + labels.size;
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
