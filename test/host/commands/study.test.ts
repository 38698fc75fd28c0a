import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { StudyHost } from '../../../engine/experiments/run-study';
import type { RunRecord } from '../../../engine/contract/run-record';
import { trainingSpec } from '../../../engine/contract/training-spec';
import { register as study } from '../../../engine/host/commands/study';
import { fakeHost, fakeRecord } from '../../support/fake-study';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyDataset, tinySpec } from '../../support/tiny-dataset';

// What trains and evaluates is tested elsewhere: here it is only seen what the command asks for.
let host: StudyHost;
vi.mock('../../../engine/host/study-host', () => ({ studyHost: () => ({ host, stop: () => {} }) }));

const base = { ...tinySpec, model: { architecture: 'steerable-unet', irreps: '4x0e+2x1e+1x2e', outputs: 2, poolings: 2, kernelSize: 5 }, data: { dataset: 'blobs', split: 'split.json' } };
/** The two validation cases test here. */
function folders(files: Record<string, unknown> = {}): string {
  return temporaryFolder({
    ...Object.fromEntries(Object.entries(tinyDataset()).map(([path, content]) => [`blobs/${path}`, content])),
    'blobs/split.json': { train: ['a', 'b', 'c'], validation: ['d'], test: ['e', 'f'] },
    'base.json': base,
    'given/run.json': fakeRecord(trainingSpec.parse(base)),
    'given/best.safetensors': 'weights',
    ...files,
  });
}
async function run(folder: string, name: string, ...args: string[]) {
  const fake = fakeHost();
  ({ host } = fake);
  const result = await runCommand([study], 'study', name, ...(args.includes('--quick') || name.endsWith('.json') ? [] : ['--base', join(folder, 'base.json')]), '--out', join(folder, 'out'), '--store', join(folder, 'runs'), ...args);
  return { ...result, ...fake, record: () => JSON.parse(readFileSync(join(folder, 'out', 'study.json'), 'utf8')) };
}

describe('gyra study', () => {
  it('runs a study of the paper on the data set of its base, all arms alike but for their model', async () => {
    const { code, stdout, trained, record } = await run(folders(), 'models', '--set', 'stopping.maximumSteps=7');
    expect(code).toBe(0);
    expect(stdout).toContain('# models: How well does each network segment an upright head?');
    expect(stdout).toContain('In out: study.json, figure.svg, figure.csv, table.md, table.csv.');
    expect(trained).toEqual(['steerable-unet 3 0.02', 'unet 3 0.02', 'unet 3 0.02', 'unet 3 0.02', 'group-unet 3 0.02']);
    const { arms } = record().spec;
    expect(arms.map(({ spec }: { spec: { model: object } }) => spec.model)).toMatchObject([{ irreps: '4x0e+2x1e+1x2e' }, { features: 15 }, { features: 15 }, { features: 15 }, { group: 'klein', features: 4 }]);
    expect(arms.map(({ spec }: { spec: { augmentation: { rotationDegrees: number } } }) => spec.augmentation.rotationDegrees)).toEqual([0, 0, 20, 180, 0]);
    const rest = arms.map(({ spec: { model: _, augmentation: __, ...shared } }: { spec: Record<string, unknown> }) => shared);
    for (const shared of rest) expect(shared).toEqual(rest[0]);
    expect(rest[0]).toMatchObject({ data: { dataset: 'blobs', split: 'split.json' }, stopping: { maximumSteps: 7 } });
  });

  it('takes runs that are there, some models, seeds and both learning rates', async () => {
    const folder = folders();
    const { code, stderr, trained, record } = await run(folder, 'rotation', '--runs', `steerable=${join(folder, 'given')}`, '--models', 'ordinary,ordinary-20', '--seeds', '2', '--best-rate', '--protocol', 'planes', '--degrees', '0,90', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(trained).toHaveLength(2 * 2 * 3);
    expect(record().runs[0]).toMatchObject({ series: 'steerable', run: 'given', status: 'done' });
    expect(record().spec).toMatchObject({ learningRates: [0.02, 0.005, 0.001], seeds: [3, 4], protocols: ['planes'], degrees: [0, 90] });
    expect(existsSync(join(folder, 'out', 'evaluations'))).toBe(true);
    expect(readFileSync(join(folder, 'out', 'study.json'), 'utf8')).not.toContain(folder);
  });

  it('says what given runs were trained with that the others were not, and refuses those with other test cases', async () => {
    const spec = { ...base, seed: 0, data: { ...base.data, dataset: '/home/jane doe/blobs' }, sampling: { marginVoxels: 8, patchSize: 16 }, optimiser: { learningRate: 0.01 } };
    const data = ['a', 'b'].map((id) => ({ case: id, part: 'train' as const, image: id, label: id }));
    const folder = folders({ 'given/run.json': fakeRecord(trainingSpec.parse(spec), { data }) });
    const args = ['models', '--set', 'seed=0', '--models', 'ordinary,group-cnn', '--runs', `steerable=${join(folder, 'given')}`];
    const { stdout, record } = await run(folder, args[0]!, ...args.slice(1));
    const more = ['sampling.marginVoxels 8 and 4', 'optimiser.learningRate 0.01 and 0.02', 'train cases: 2 and 0, of which 0 are the same'].join('; ');
    for (const name of ['ordinary', 'group CNN']) expect(record().results.findings).toContain(`steerable and ${name} differ in more than model and augmentation: ${more}.`);
    expect(stdout).toContain('- steerable and ordinary differ in more than');

    const other = folders({ 'blobs/other.json': { train: ['a', 'b'], validation: ['c'], test: ['d', 'e'] }, 'given/run.json': fakeRecord(trainingSpec.parse({ ...base, data: { ...base.data, split: 'other.json' } })) });
    const refused = await run(other, 'models', '--models', 'ordinary', '--runs', `steerable=${join(other, 'given')}`);
    expect(refused).toMatchObject({ code: 2, trained: [], stderr: expect.stringContaining('steerable and ordinary have other cases in test: d, f of one of them alone.') });
  });

  it('puts given runs where their training cases are, and refuses one that names none', async () => {
    const of = (record: Partial<RunRecord>, data = {}) => folders({ 'given/run.json': fakeRecord(trainingSpec.parse({ ...base, data: { ...base.data, ...data } }), record) });
    const study = (folder: string) => run(folder, 'set-size', '--sizes', '1,2', '--models', 'ordinary', '--runs', `steerable=${join(folder, 'given')}`);
    const listed = await study(of({ data: ['a', 'b'].map((id) => ({ case: id, part: 'train' as const, image: id, label: id })) }));
    expect(listed.code).toBe(0);
    expect(listed.record().results.figure.rows.map(({ series, x }: { series: string; x: number }) => [series, x])).toEqual([['steerable', 2], ['ordinary', 1], ['ordinary', 2]]);
    expect((await study(of({}, { trainingCases: 3 }))).record().spec.arms[0].x).toBe(3);
    expect(await study(of({}))).toMatchObject({ code: 2, evaluated: [], stderr: expect.stringContaining('The record of given does not say how many cases it was trained on.\nGive a run whose') });
  });

  it('finds nothing of that where all are trained here', async () => {
    const folder = folders();
    expect((await run(folder, 'models', '--seeds', '2', '--best-rate')).record().results.findings.join()).not.toContain('differ in more than');
  });

  it('runs a study file, which is what study.json holds under spec', async () => {
    const folder = folders();
    await run(folder, 'irreps-ratio', '--irreps', '8:4:2,4:4:4');
    const { spec } = JSON.parse(readFileSync(join(folder, 'out', 'study.json'), 'utf8'));
    expect(spec.arms.map(({ x }: { x: string }) => x)).toEqual(['8:4:2', '4:4:4']);
    const again = folders({ 'mine.json': { ...spec, name: 'mine' } });
    const { code, stdout } = await run(again, join(again, 'mine.json'), '--dataset', join(again, 'blobs'));
    expect(code).toBe(0);
    expect(stdout).toContain('# mine: Which shares');
  });

  it('takes seed and rate of a study file from the file, or else from its arms, which must agree', async () => {
    const arm = (series: string, change = {}) => ({ series, spec: { ...base, name: series, optimiser: { learningRate: 0.01 }, ...change } });
    const file = (fields: object) => folders({ 'mine.json': { name: 'mine', question: 'Which?', figure: 'model', arms: [arm('one'), arm('two', { model: { ...base.model, poolings: 1 } })], ...fields } });
    const trained = async (fields: object, ...args: string[]) => {
      const folder = file(fields);
      const result = await run(folder, join(folder, 'mine.json'), '--dataset', join(folder, 'blobs'), ...args);
      return result.code === 0 ? result.trained : result.stderr;
    };
    expect(await trained({})).toEqual(Array(2).fill('steerable-unet 3 0.01'));
    expect(await trained({ seeds: [7], learningRates: [0.001] })).toEqual(Array(2).fill('steerable-unet 7 0.001'));
    expect(await trained({}, '--seeds', '2', '--models', 'one')).toEqual(['steerable-unet 3 0.01', 'steerable-unet 4 0.01']);
    expect(await trained({ arms: [arm('one'), arm('two', { seed: 5 })] })).toContain('mine.json: field "seeds" is not there, and its arms have 3, 5.');
    expect(await trained({}, '--set', 'stopping.maximumSteps=5', '--irreps', '4:2')).toContain('--set and --irreps change nothing in the study mine.json.');
  });

  it('turns by the angles of the rotation study where planes are asked for without any', async () => {
    const { record } = await run(folders(), 'models', '--protocol', 'planes');
    expect(record().spec.degrees).toHaveLength(12);
    const given = await run(folders(), 'set-size', '--sizes', '2', '--protocol', 'planes', '--degrees', '0,90');
    expect(given.record().spec.degrees).toEqual([0, 90]);
  });

  it('names the field of a study file that is wrong', async () => {
    const folder = folders({ 'mine.json': { name: 'mine', question: 'How many?', figure: 'training-cases', arms: [{ series: 'steerable', x: 'all', spec: base }] } });
    expect(await run(folder, join(folder, 'mine.json'))).toMatchObject({ code: 2, stderr: expect.stringContaining('mine.json: field "arms.0.x": it is no number of training cases.') });
  });

  it('keeps no path of a study file in any record', async () => {
    const folder = folders();
    await run(folder, 'irreps-ratio', '--irreps', '8:4:2');
    const { spec } = JSON.parse(readFileSync(join(folder, 'out', 'study.json'), 'utf8'));
    const arms = spec.arms.map((arm: { spec: { data: object } }) => ({ ...arm, spec: { ...arm.spec, data: { ...arm.spec.data, dataset: join(folder, 'blobs') } } }));
    const again = folders({ 'mine.json': { ...spec, name: 'mine', arms } });
    const { code, record } = await run(again, join(again, 'mine.json'));
    expect(code).toBe(0);
    const [{ run: name }] = record().runs;
    for (const file of [join('out', 'study.json'), join('runs', name, 'run.json')]) expect(readFileSync(join(again, file), 'utf8')).not.toContain(folder);
  });

  it('measures cost on cubes that every training case holds, unless the base names their side', async () => {
    const sampling = async (...args: string[]) => (await run(folders(), 'cost', ...args)).record().spec.arms.map(({ spec }: { spec: { sampling: object } }) => spec.sampling);
    // 12 x 10 x 9 voxels on a canvas of multiples of 4
    for (const one of await sampling()) expect(one).toMatchObject({ kind: 'patch', patchSize: 12 });
    for (const one of await sampling('--set', 'sampling.kind=patch', '--set', 'sampling.patchSize=16')) expect(one).toMatchObject({ kind: 'patch', patchSize: 16 });
    for (const one of await sampling('--set', 'sampling.patchSize=48')) expect(one).toMatchObject({ kind: 'patch', patchSize: 48 });
  });

  it('ends at once at a second Ctrl-C', async () => {
    const folder = folders();
    const before = process.listenerCount('SIGINT');
    const fake = fakeHost();
    const listening: number[] = [];
    host = { ...fake.host, train: (...rest) => {
      process.emit('SIGINT');
      listening.push(process.listenerCount('SIGINT') - before);
      return fake.host.train(...rest);
    } };
    await runCommand([study], 'study', 'models', '--models', 'ordinary', '--base', join(folder, 'base.json'), '--out', join(folder, 'out'), '--store', join(folder, 'runs'));
    expect(listening).toEqual([0]);
  });

  it('ends with 1 and names what failed, with the table of the rest', async () => {
    const folder = folders();
    const fake = fakeHost({ fails: 'unet' });
    ({ host } = fake);
    const { code, stdout, stderr } = await runCommand([study], 'study', 'models', '--base', join(folder, 'base.json'), '--out', join(folder, 'out'), '--store', join(folder, 'runs'));
    expect(code).toBe(1);
    expect(stdout).toContain('| group CNN |');
    expect(stderr).toContain('3 of 5 runs failed: ordinary: no unet at x');
  });

  it.each([
    ['an unknown study', 'waltz', [], 'waltz is no study.'],
    ['a model it has not, naming those it has as they can be typed', 'rotation', ['--models', 'transformer'], 'The study rotation has no model transformer.\nGive some of steerable, ordinary, ordinary-20, ordinary-full, group-cnn.'],
    ['more training cases than there are', 'set-size', ['--sizes', '2,8'], 'The study asks for 8 training cases, and the split has 3.'],
    ['irreps that are none', 'irreps-ratio', ['--irreps', '8-4-2'], '"8-4-2" are no irreps.'],
    ['irreps where none are compared', 'rotation', ['--irreps', '4:4:4'], '--irreps changes nothing in the study rotation.'],
    ['sizes where none are compared', 'models', ['--sizes', '2'], '--sizes changes nothing in the study models.'],
    ['rotations where nothing is evaluated', 'cost', ['--protocol', 'planes'], '--protocol changes nothing in the study cost.'],
    ['angles without planes', 'rotation', ['--protocol', 'cone', '--degrees', '0,90'], '--degrees are the angles of the protocol planes'],
    ['a data set that is not there', 'models', ['--dataset', 'nowhere'], 'The data set folder nowhere was not found.'],
    ['--quick with a data set', 'models', ['--quick', '--dataset', 'x'], 'cannot be used with'],
    ['a run that is no run', 'rotation', ['--runs', 'steerable'], 'Give runs as series=FOLDER.'],
    ['a run that is not there', 'rotation', ['--runs', 'steerable=nowhere'], 'nowhere, given for steerable, holds no run with trained weights.'],
    ['a base that does not fit the data set', 'models', ['--set', 'model.outputs=3', '--set', 'lossOptions.classWeights=[1,1,1]'], 'base.json does not fit blobs: field "lossOptions.classWeights": there are 3 weights for 2 outputs.'],
    ['a name that is too long', 'rotation', ['--runs', `${'s'.repeat(61)}=x`], 'The name ssssssssssssssssssss... has 61 characters. Give names of 60 at most.'],
    ['one width twice', 'irreps-ratio', ['--irreps', '2:1, 4:2,2:1'], '2:1 is there twice.'],
    ['two runs of one name', 'rotation', ['--runs', 'steerable=x,steerable=y'], '--runs gives two runs for steerable.'],
  ])('refuses %s with 2, and writes nothing', async (_what, name, args, message) => {
    const folder = folders();
    const { code, stdout, stderr } = await run(folder, name, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('refuses several seeds where each would draw a split of its own, and settings that are not those it began with', async () => {
    const { split: _, ...data } = base.data;
    const folder = folders({ 'base.json': { ...base, data: { ...data, splitSizes: { train: 2, validation: 1, test: 1 } } } });
    expect(await run(folder, 'models', '--seeds', '2')).toMatchObject({ code: 2, stderr: expect.stringContaining('each seed would draw a split of its own') });
    const subjects = folders({ 'base.json': { ...base, data }, 'blobs/split.json': { subjects: { a: 'one', b: 'one' } } });
    expect(await run(subjects, 'models', '--seeds', '2')).toMatchObject({ code: 2, trained: [], stderr: expect.stringContaining('each seed would draw a split of its own') });
    const other = folders();
    await run(other, 'models');
    expect(await run(other, 'models', '--set', 'stopping.maximumSteps=9')).toMatchObject({ code: 2, stderr: expect.stringContaining('arms.0.spec.stopping.maximumSteps: 20 before, 9 now') });
  });
});
