import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkCases, loadCase, openDataset, surveyDataset } from '../../engine/data/dataset';
import { writeVolume } from '../../engine/data/nifti';
import { readSplit } from '../../engine/data/split';
import { imageFile, labelFile, plainGeometry, ramp } from '../support/nifti-file';
import { temporaryFolder } from '../support/temporary-folder';
import { dicomSlices, mgzFile, mhaFile, nrrdFile } from '../support/volume-files';

const shape = [4, 5, 6] as const;
const contrast = (factor: number) => writeVolume({ data: ramp(shape).map((value) => factor * value), shape }, plainGeometry, 'image.nii.gz');
/** As one four-dimensional file. */
function fourDimensional(...factors: number[]): Uint8Array {
  const bytes = writeVolume({ data: Float32Array.from(factors.flatMap((factor) => [...ramp(shape).map((value) => factor * value)])), shape: [4, 5, 6 * factors.length] }, plainGeometry, 'image.nii');
  const header = new DataView(bytes.buffer);
  [4, ...shape, factors.length].forEach((size, i) => header.setInt16(40 + 2 * i, size, true));
  return bytes;
}
const messages = ({ problems }: { problems: readonly { message: string }[] }) => problems.map(({ message }) => message);
const loadFirst = async (folder: string) => {
  const dataset = await openDataset(folder);
  return { dataset, ...(await loadCase(dataset, dataset.cases[0]!)) };
};

describe('Medical Segmentation Decathlon', () => {
  it('has several contrasts in one file, and the regions of BraTS for the tumours of Task01', async () => {
    const listing = { name: 'BRATS', modality: { 0: 'FLAIR', 1: 'T1w' }, labels: { 0: 'background', 1: 'edema', 2: 'non-enhancing tumor', 3: 'enhancing tumour' }, training: [{ image: './imagesTr/a.nii', label: './labelsTr/a.nii.gz' }] };
    const files = { 'dataset.json': listing, 'imagesTr/a.nii': fourDimensional(1, -2), 'labelsTr/a.nii.gz': labelFile(shape, (i) => i % 4) };
    const { dataset, images } = await loadFirst(temporaryFolder(files));
    expect(dataset).toMatchObject({ contrasts: ['FLAIR', 'T1w'], structures: [{ name: 'Whole tumour', value: 1, values: [1, 2, 3] }, { name: 'Tumour core', value: 2, values: [2, 3] }, { name: 'Enhancing tumour', value: 3, values: [3] }] });
    expect(images.map(({ data }) => data[3])).toEqual([21, -42]);
    const one = await openDataset(temporaryFolder({ ...files, 'dataset.json': { ...listing, modality: { 0: 'FLAIR' } } }));
    await expect(loadCase(one, one.cases[0]!)).rejects.toThrow('a.nii holds 2 contrasts, and BRATS names 1 (FLAIR).');
  });
});

describe('nnU-Net raw', () => {
  const listing = { channel_names: { 0: 'T1', 1: 'T2' }, labels: { background: 0, nucleus: 2, shell: 1, ignore: 3 }, numTraining: 2, file_ending: '.nii.gz' };
  const files = {
    'dataset.json': listing,
    ...Object.fromEntries(['a', 'b'].flatMap((id) => [[`imagesTr/${id}_0000.nii.gz`, contrast(1)], [`imagesTr/${id}_0001.nii.gz`, contrast(3)], [`labelsTr/${id}.nii.gz`, labelFile(shape, (i) => i % 4)]])),
  };
  it('has one file a channel, labels by name, and one to ignore', async () => {
    const { dataset, images, labels } = await loadFirst(temporaryFolder(files));
    expect(dataset).toMatchObject({ contrasts: ['T1', 'T2'], structures: [{ value: 1, name: 'shell' }, { value: 2, name: 'nucleus' }], ignoreLabel: 3 });
    expect(dataset.cases.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(images.map(({ data }) => data[2])).toEqual([14, 42]);
    expect([...labels.data.slice(0, 5)]).toEqual([0, 1, 2, 3, 0]);
  });
  it('reads version 1, and regions', async () => {
    const old = { name: 'Old', modality: { 0: 'T1', 1: 'T2' }, labels: { 0: 'background', 1: 'one', 2: 'two', 3: 'three' }, training: [] };
    expect(await openDataset(temporaryFolder({ ...files, 'dataset.json': old }))).toMatchObject({ name: 'Old', contrasts: ['T1', 'T2'], structures: [{ value: 1, name: 'one' }, { value: 2, name: 'two' }, { value: 3, name: 'three' }] });
    const regions = { ...listing, labels: { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3 }, regions_class_order: [1, 2, 3] };
    expect((await openDataset(temporaryFolder({ ...files, 'dataset.json': regions }))).structures).toEqual([{ value: 1, name: 'whole', values: [1, 2, 3] }, { value: 2, name: 'core', values: [2, 3] }, { value: 3, name: 'enhancing', values: [3] }]);
    await expect(openDataset(temporaryFolder({ ...files, 'dataset.json': { ...regions, regions_class_order: [1] } }))).rejects.toThrow('regions_class_order has 1 entries');
    await expect(openDataset(temporaryFolder({ ...files, 'dataset.json': { ...regions, regions_class_order: [1, 2, 2] } }))).rejects.toThrow('has the label 2 twice in regions_class_order');
  });
  it('names what is missing', async () => {
    const { 'imagesTr/a_0001.nii.gz': _, 'labelsTr/b.nii.gz': __, ...rest } = files as Record<string, unknown>;
    expect(messages(await surveyDataset(temporaryFolder({ ...rest, 'labelsTr/c.nii.gz': labelFile(shape) })))).toEqual(['Case a has no image _0001 (T2).', 'Case b has no label in labelsTr.', 'Label c.nii.gz has no image.']);
    expect(messages(await surveyDataset(temporaryFolder({ ...files, 'dataset.json': { ...listing, numTraining: 5 } })))).toEqual(['dataset.json speaks of 5 training cases, and there are 2.']);
    expect(messages(await surveyDataset(temporaryFolder({ ...files, 'dataset.json': { ...listing, labels: [] } })))[0]).toContain('dataset.json: field "labels"');
    const whole = await openDataset(temporaryFolder({ ...rest, 'labelsTr/b.nii.gz': labelFile(shape), 'labelsTr/c.nii.gz': labelFile(shape) }), { skipBroken: true });
    expect(whole.cases.map(({ id }) => id)).toEqual(['a', 'b']);
    // as many files as there are channels, one of them another
    const { 'imagesTr/a_0001.nii.gz': second, ...others } = files as Record<string, unknown>;
    const other = await openDataset(temporaryFolder({ ...others, 'imagesTr/a_0002.nii.gz': second }), { skipBroken: true });
    await expect(loadCase(other, other.cases[0]!)).rejects.toThrow('Case a has no image _0001 (T2).');
    expect((await loadCase(other, other.cases[1]!)).images).toHaveLength(2);
  });
});

describe('Mindboggle101 and FreeSurfer', () => {
  const codes = [0, 7, 8, 46, 47, 630, 17, 53, 4, 43, 5, 11, 50, 12, 51, 13, 52, 16, 1028, 2035];
  const merged = [0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 0, 4, 4, 5, 5, 6, 6, 7, 0, 0];
  const aseg = writeVolume({ data: Float32Array.from({ length: 120 }, (_, i) => codes[i % 20]!), shape }, plainGeometry, 'a.nii.gz');
  it("merges the codes into the paper's seven structures", async () => {
    const place = 'OASIS-TRT-20_volumes/OASIS-TRT-20-1';
    const { dataset, labels } = await loadFirst(temporaryFolder({ [`${place}/t1weighted.nii.gz`]: imageFile(shape), [`${place}/t1weighted_brain.nii.gz`]: imageFile(shape), [`${place}/labels.DKT31.manual+aseg.nii.gz`]: aseg }));
    expect(dataset.cases.map(({ id, imagePaths }) => [id, imagePaths[0]!.split('/').at(-1)])).toEqual([['OASIS-TRT-20-1', 't1weighted.nii.gz']]);
    expect(dataset.structures.map(({ value, name }) => `${value} ${name}`)).toEqual(['1 Cerebellum', '2 Hippocampus', '3 Lateral ventricles', '4 Caudate', '5 Putamen', '6 Pallidum', '7 Brain stem']);
    expect([...labels.data.slice(0, 20)]).toEqual(merged);
  });
  it("leaves out FreeSurfer's average beside the subjects", async () => {
    const { dataset } = await loadFirst(temporaryFolder(Object.fromEntries(['bert', 'fsaverage'].flatMap((id) => [[`${id}/mri/T1.nii`, imageFile(shape)], [`${id}/mri/aseg.nii.gz`, aseg]]))));
    expect(dataset.cases.map(({ id }) => id)).toEqual(['bert']);
  });
  it('reads subjects of FreeSurfer from .mgz, and labels stored in other axes than the image where both lie in one place', async () => {
    const volume = { shape: [4, 5, 6], spacing: [1, 1, 1] } as const;
    const files = { 'bert/mri/T1.mgz': mgzFile({ ...volume, value: (i) => i }), 'bert/mri/aparc+aseg.mgz': mgzFile({ ...volume, value: (i) => codes[i % 20]! }), 'ernie/mri/T1.mgz': mgzFile({ ...volume, value: (i) => i }) };
    const { dataset, problems } = await surveyDataset(temporaryFolder(files));
    expect(problems.map(({ message, case: id }) => [message, id])).toEqual([['Subject ernie has no labels aparc+aseg.', 'ernie']]);
    const { images: [image], labels } = await loadCase(dataset, dataset.cases[0]!);
    expect([image!.orientation, image!.shape, labels.shape]).toEqual(['RAS', [4, 6, 5], [4, 6, 5]]);
    for (let i = 0; i < 120; i++) expect(labels.data[i]).toBe(merged[image!.data[i]! % 20]);
  });
});

describe('BIDS', () => {
  const files = (sub: string, ses: string, label: Uint8Array) => ({ [`${sub}/${ses}/anat/${sub}_${ses}_T1w.nii.gz`]: imageFile(shape), [`derivatives/manual/${sub}/${ses}/anat/${sub}_${ses}_desc-x_dseg.nii.gz`]: label });
  const folder = { 'dataset_description.json': {}, ...files('sub-01', 'ses-1', labelFile(shape, (i) => (i % 3) * 10)), ...files('sub-01', 'ses-2', labelFile(shape, (i) => (i % 3) * 10)), ...files('sub-02', 'ses-1', labelFile(shape, (i) => (i % 3) * 10)), 'derivatives/manual/desc-x_dseg.tsv': 'index\tname\n0\tBackground\n10\tCaudate\n20\tPutamen\n' };
  it('pairs images with their segmentation, names structures by its table, and keeps sessions of a subject together', async () => {
    const { dataset, labels } = await loadFirst(temporaryFolder(folder));
    expect(dataset.structures).toEqual([{ value: 1, name: 'Caudate' }, { value: 2, name: 'Putamen' }]);
    expect(dataset.cases.map(({ id, subject }) => [id, subject])).toEqual([['sub-01_ses-1', 'sub-01'], ['sub-01_ses-2', 'sub-01'], ['sub-02_ses-1', 'sub-02']]);
    expect([...labels.data.slice(0, 4)]).toEqual([0, 1, 2, 0]);
    const split = await readSplit(dataset, { seed: 1 });
    for (const ids of Object.values(split)) expect(ids.includes('sub-01_ses-1')).toBe(ids.includes('sub-01_ses-2'));
  });
  it('takes masks where there is nothing else, leaves out what lies in a template, and names what has no partner', async () => {
    const mask = { 'sub-1/anat/sub-1_T1w.nii': imageFile(shape), 'sub-2/anat/sub-2_T1w.nii': imageFile(shape), 'derivatives/m/sub-1/anat/sub-1_label-lesion_mask.nii.gz': labelFile(shape, (i) => i % 2), 'derivatives/m/sub-1/anat/sub-1_space-MNI152_dseg.nii.gz': labelFile(shape) };
    const { dataset, problems } = await surveyDataset(temporaryFolder(mask));
    expect(dataset.structures).toEqual([{ value: 1, name: 'lesion' }]);
    expect(problems.map(({ message }) => message)).toEqual(['sub-2 has no segmentation label-lesion_mask in derivatives/m.']);
  });
  it('pairs a segmentation with the run it is of, each run being a case, and refuses one that could be of either', async () => {
    const images = Object.fromEntries(['sub-1_run-1', 'sub-1_run-2', 'sub-2_acq-a', 'sub-3', 'sub-3_run-2'].map((name) => [`${name.slice(0, 5)}/anat/${name}_T1w.nii`, imageFile(shape)]));
    const segmentations = (...names: string[]) => Object.fromEntries(names.map((name) => [`derivatives/m/${name.slice(0, 5)}/anat/${name}_dseg.nii.gz`, labelFile(shape)]));
    const pairs = async (...names: string[]) => {
      const { dataset, problems } = await surveyDataset(temporaryFolder({ ...images, ...segmentations(...names) }));
      return { cases: dataset.cases.map(({ id, imagePaths, labelPath }) => [id, ...[imagePaths[0]!, labelPath].map((path) => path.split('/').at(-1))]), problems: messages({ problems }) };
    };
    expect(await pairs('sub-1_run-2', 'sub-2_acq-a', 'sub-3')).toEqual({ cases: [['sub-1', 'sub-1_run-2_T1w.nii', 'sub-1_run-2_dseg.nii.gz'], ['sub-2', 'sub-2_acq-a_T1w.nii', 'sub-2_acq-a_dseg.nii.gz'], ['sub-3', 'sub-3_T1w.nii', 'sub-3_dseg.nii.gz']], problems: [] });
    expect((await pairs('sub-1_run-1', 'sub-1_run-2', 'sub-2', 'sub-3')).cases.map(([id, image]) => [id, image])).toEqual([['sub-1_run-1', 'sub-1_run-1_T1w.nii'], ['sub-1_run-2', 'sub-1_run-2_T1w.nii'], ['sub-2', 'sub-2_acq-a_T1w.nii'], ['sub-3', 'sub-3_T1w.nii']]);
    expect((await pairs('sub-1', 'sub-2_acq-b', 'sub-3')).problems).toEqual(['sub-1 has 2 images T1w (sub-1_run-1_T1w.nii, sub-1_run-2_T1w.nii), and its segmentation does not say of which it is.', 'sub-2 has a segmentation and no T1w image.']);
  });
});

describe('two folders', () => {
  it('match by name whatever the format, a folder being a DICOM series', async () => {
    const volume = { shape: [4, 5, 6], spacing: [1, 1, 1] } as const;
    const value = (i: number) => (i * 3) % 40;
    const folder = temporaryFolder({
      'images/a.mha': mhaFile({ ...volume, value }),
      'labels/a.nrrd': nrrdFile({ ...volume, value: (i) => (i % 3) * 4 }),
      'labels/b.mha': mhaFile({ ...volume, value: (i) => (i % 3) * 4 }),
      ...Object.fromEntries(dicomSlices({ ...volume, value }).map((bytes, z) => [`images/b/${z}.dcm`, bytes])),
    });
    const dataset = await openDataset(folder);
    expect(dataset.structures).toEqual([{ value: 4, name: 'Label 4' }, { value: 8, name: 'Label 8' }]);
    expect(dataset.cases.map(({ id }) => id)).toEqual(['a', 'b']);
    const [a, b] = [await loadCase(dataset, dataset.cases[0]!), await loadCase(dataset, dataset.cases[1]!)];
    expect(b.images[0]!.data).toEqual(a.images[0]!.data.map((intensity) => 2 * intensity));
    expect(b.labels.data).toEqual(a.labels.data);
  });
  it('renumber what labels.json lists, leave the rest to the background, and refuse codes that nothing names', async () => {
    const coded = writeVolume({ data: Float32Array.from({ length: 120 }, (_, i) => [0, 17, 53, 2035][i % 4]!), shape }, plainGeometry, 'a.nii');
    const files = { 'images/a.nii': contrast(1), 'labels/a.nii': coded };
    expect(messages(await surveyDataset(temporaryFolder(files)))).toEqual(['The labels go up to 2035, and nothing says which of them are to be segmented.']);
    const { dataset, labels } = await loadFirst(temporaryFolder({ ...files, 'labels.json': { 17: 'left', 53: 'right' } }));
    expect(dataset.structures).toEqual([{ value: 1, name: 'left' }, { value: 2, name: 'right' }]);
    expect([...labels.data.slice(0, 5)]).toEqual([0, 1, 2, 0, 0]);
  });
  it('names structures by labels.json, takes numbered files for contrasts, and says what has no partner', async () => {
    const files = { 'imgs/a_0000.nii': contrast(1), 'imgs/a_0001.nii': contrast(2), 'imgs/b_0000.nii': contrast(1), 'masks/a.nii.gz': labelFile(shape), 'masks/c.nii.gz': labelFile(shape), 'labels.json': { 0: 'background', 1: 'inner', 2: 'outer' } };
    const { dataset, problems } = await surveyDataset(temporaryFolder(files));
    expect(dataset).toMatchObject({ contrasts: ['channel 0', 'channel 1'], structures: [{ value: 1, name: 'inner' }, { value: 2, name: 'outer' }] });
    expect(problems.map(({ message }) => message)).toEqual(['Image b_0000.nii has no label.', 'Case b has 1 of 2 images.', 'Label c.nii.gz has no image.']);
  });
  it('does not take one contrast for another where cases have as many', async () => {
    const files = Object.fromEntries(['a_0000', 'a_0001', 'b_0000', 'b_0002'].map((name) => [`images/${name}.nii`, contrast(1)]));
    expect(messages(await surveyDataset(temporaryFolder({ ...files, 'labels/a.nii': labelFile(shape), 'labels/b.nii': labelFile(shape) })))).toEqual(['Case a has 2 of 3 images.', 'Case b has 2 of 3 images.']);
  });
  it('takes numbers of four digits for those of cases where labels have them too', async () => {
    const files = Object.fromEntries(['OAS1_0001', 'OAS1_0002'].flatMap((id) => [[`images/${id}.nii`, contrast(1)], [`labels/${id}.nii.gz`, labelFile(shape)]]));
    const { dataset, problems } = await surveyDataset(temporaryFolder(files));
    expect(problems).toEqual([]);
    expect(dataset).toMatchObject({ contrasts: ['image'], cases: [{ id: 'OAS1_0001' }, { id: 'OAS1_0002' }] });
  });
});

describe('cases of one name', () => {
  const listing = { channel_names: { 0: 'T1' }, labels: { background: 0, shell: 1, core: 2 } };
  const [image, label] = [imageFile(shape), labelFile(shape)];
  it.each([
    ['two endings of an image', { 'images/a.nii': gunzipSync(image), 'images/a.nii.gz': image, 'labels/a.nii.gz': label }, 'Case a is there twice: images/a.nii and images/a.nii.gz.'],
    ['two endings of a label', { 'images/a.nii.gz': image, 'labels/a.nii': gunzipSync(label), 'labels/a.nii.gz': label }, 'labels holds both a.nii and a.nii.gz.'],
    ['two endings of a channel', { 'dataset.json': listing, 'imagesTr/a_0000.mha': image, 'imagesTr/a_0000.nii.gz': image, 'labelsTr/a.nii.gz': label }, 'imagesTr holds both a_0000.mha and a_0000.nii.gz.'],
    ["two endings of nnU-Net's label", { 'dataset.json': listing, 'imagesTr/a_0000.nii.gz': image, 'labelsTr/a.mha': label, 'labelsTr/a.nii.gz': label }, 'labelsTr holds both a.mha and a.nii.gz.'],
    ['two sites of the Decathlon', { 'dataset.json': { labels: { 1: 'shell', 2: 'core' }, training: ['siteA', 'siteB'].map((site) => ({ image: `imagesTr/${site}/sub1.nii.gz`, label: `labelsTr/${site}/sub1.nii.gz` })) }, ...Object.fromEntries(['siteA', 'siteB'].flatMap((site) => [[`imagesTr/${site}/sub1.nii.gz`, image], [`labelsTr/${site}/sub1.nii.gz`, label]])) }, 'Case sub1 is there twice: imagesTr/siteA/sub1.nii.gz and imagesTr/siteB/sub1.nii.gz.'],
    ['two sources of Mindboggle101', Object.fromEntries(['siteA', 'siteB'].flatMap((site) => [[`${site}/sub1/t1weighted.nii.gz`, image], [`${site}/sub1/aparc+aseg.nii.gz`, label]])), 'Case sub1 is there twice: siteA/sub1/t1weighted.nii.gz and siteB/sub1/t1weighted.nii.gz.'],
    ['two endings of an image in BIDS', { 'sub-01/anat/sub-01_T1w.nii': gunzipSync(image), 'sub-01/anat/sub-01_T1w.nii.gz': image, 'derivatives/manual/sub-01/anat/sub-01_dseg.nii.gz': label }, 'sub-01/anat holds both sub-01_T1w.nii and sub-01_T1w.nii.gz.'],
    ['two endings of a segmentation in BIDS', { 'sub-01/anat/sub-01_T1w.nii.gz': image, 'derivatives/manual/sub-01/anat/sub-01_dseg.nii': gunzipSync(label), 'derivatives/manual/sub-01/anat/sub-01_dseg.nii.gz': label }, 'derivatives/manual/sub-01/anat holds both sub-01_dseg.nii and sub-01_dseg.nii.gz.'],
  ])('%s: both files are named, whatever is skipped', async (_what, files: Record<string, unknown>, message) => {
    const folder = temporaryFolder(files);
    expect(messages(await surveyDataset(folder))).toEqual([message]);
    await expect(openDataset(folder, { skipBroken: true })).rejects.toThrow(message);
  });
});

describe('checkCases', () => {
  const flipped = { ...plainGeometry, qformCode: 0, sform: [-1, 0, 0, 0, 0, 1, 0, 4, 0, 0, 1, 5] };
  const sheared = { ...plainGeometry, qformCode: 0, sform: [1, 0.3, 0, -3, 0, 1, 0, 4, 0, 0, 1, 5] };
  const turned = { ...plainGeometry, sform: [0.9397, -0.342, 0, -3, 0.342, 0.9397, 0, 4, 0, 0, 1, 5] };
  const dataset = (geometries: Readonly<Record<string, typeof plainGeometry>>, more: Record<string, unknown> = {}) =>
    openDataset(temporaryFolder({ ...Object.fromEntries(Object.entries(geometries).flatMap(([id, geometry], k) => [[`images/${id}.nii`, writeVolume({ data: ramp(shape).map((value) => value + k), shape }, geometry, 'a.nii')], [`labels/${id}.nii`, labelFile(shape, undefined, geometry)]])), ...more }));
  it('notices headers that differ from the others, that are sheared or oblique, and transforms that disagree', async () => {
    const { problems, notices } = await checkCases(await dataset({ a: plainGeometry, b: plainGeometry, c: flipped, d: sheared, e: turned }), () => {});
    expect(problems).toEqual([]);
    expect(notices).toEqual([
      'c: The axes run LAS, and RAS in 4 of 5 cases: the header may be flipped. It is followed.',
      expect.stringMatching(/^d: The voxel axes are sheared, 16\.7° off right angles/),
      expect.stringMatching(/^d: The voxel axes are oblique/),
      expect.stringMatching(/^d: The header gives two voxel sizes/),
      expect.stringMatching(/^e: The voxel axes are oblique, up to 20\.0°/),
      expect.stringMatching(/^e: The header's two transforms disagree by 20\.0° \(sform RAS, qform RAS\)/),
    ]);
  });
  it('notices voxels of another size than in the other cases, and such that are far from cubes', async () => {
    const of = (x: number, y: number, z: number) => ({ ...plainGeometry, pixdim: [1, x, y, z] as const, qformCode: 0, sform: [x, 0, 0, -3, 0, y, 0, 4, 0, 0, z, 5] });
    const { notices } = await checkCases(await dataset({ a: plainGeometry, b: of(0.5, 0.5, 6), c: of(1.001, 1, 1), d: of(2, 2, 2) }), () => {});
    expect(notices).toEqual([
      'b: The voxels are 0.5 x 0.5 x 6 mm, and 1 x 1 x 1 mm in 2 of 4 cases: networks see voxels, and its anatomy has another size in them.',
      'd: The voxels are 2 x 2 x 2 mm, and 1 x 1 x 1 mm in 2 of 4 cases: networks see voxels, and its anatomy has another size in them.',
      'b: Voxels of 0.5 x 0.5 x 6 mm are far from cubes: turning works on voxels, so the turned anatomy is distorted.',
    ]);
  });
  it('notices a contrast that lies elsewhere than the first', async () => {
    const moved = { ...plainGeometry, sform: [1, 0, 0, 97, 0, 1, 0, 4, 0, 0, 1, 5] };
    const files = { 'imgs/a_0000.nii': contrast(1), 'imgs/a_0001.nii': writeVolume({ data: ramp(shape), shape }, moved, 'image.nii'), 'masks/a.nii': labelFile(shape) };
    const { notices } = await checkCases(await openDataset(temporaryFolder(files)), () => {});
    expect(notices).toEqual(['a: channel 1 and image have headers 100.0 voxels apart; they are laid on each other voxel by voxel.']);
  });
  it('notices labels whose axes are oblique to those of the image, their first voxels being in one place', async () => {
    const [cos, sin] = [Math.cos(0.35), Math.sin(0.35)];
    const oblique = { ...plainGeometry, qformCode: 0, sform: [cos, -sin, 0, -3, sin, cos, 0, 4, 0, 0, 1, 5] };
    const { notices } = await checkCases(await dataset({ a: plainGeometry }, { 'labels/a.nii': labelFile(shape, undefined, oblique) }), () => {});
    // the corner (3, 4) is five voxels away and turned by 0.35: 10 sin 0.175
    expect(notices).toEqual(['a: Labels and image have headers 1.7 voxels apart; they are laid on each other voxel by voxel.']);
  });
  it('finds the same image twice, labels elsewhere, empty labels and structures nobody has', async () => {
    const moved = { ...plainGeometry, sform: [1, 0, 0, 17, 0, 1, 0, 4, 0, 0, 1, 5] };
    const { problems, notices } = await checkCases(await dataset({ a: plainGeometry, b: plainGeometry, c: plainGeometry }, { 'images/c.nii': contrast(1), 'labels/b.nii': labelFile(shape, undefined, moved), 'labels/c.nii': labelFile(shape, () => 0), 'labels.json': { 1: 'one', 2: 'two', 3: 'three' } }), () => {});
    expect(problems.map(({ message }) => message)).toEqual(['Cases a and c have the same image.']);
    expect(notices).toEqual(['b: Labels and image have headers 20.0 voxels apart; they are laid on each other voxel by voxel.', 'c: The labels are empty.', 'three is in none of the cases.']);
  });
});
