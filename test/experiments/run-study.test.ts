import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../engine/contract/run-record';
import { trainingSpec } from '../../engine/contract/training-spec';
import { openDataset } from '../../engine/data/dataset';
import { sha256 } from '../../engine/data/file-access';
import { figureFromCsv, figureSvg } from '../../engine/experiments/figure';
import { studySection } from '../../engine/experiments/report-page';
import { hashesOf } from '../../engine/experiments/run-store';
import { runStudy, type StudyHost } from '../../engine/experiments/run-study';
import { builtInStudy, type StudyName } from '../../engine/experiments/studies';
import { studySpec, type StudySpec } from '../../engine/experiments/study-spec';
import { fakeHost } from '../support/fake-study';
import { temporaryFolder } from '../support/temporary-folder';
import { tinyDataset, tinySpec } from '../support/tiny-dataset';

const base = trainingSpec.parse({ ...tinySpec, model: { ...tinySpec.model, poolings: 2, kernelSize: 5 } });
const study = (name: StudyName, changes: Partial<StudySpec> = {}): StudySpec => studySpec.parse({ ...builtInStudy(name, { base, trainingCases: 4, degrees: [0, 45, 90] }), part: 'validation', ...changes });
function folders() {
  const folder = temporaryFolder(Object.fromEntries(Object.entries(tinyDataset()).map(([path, content]) => [`blobs/${path}`, content])));
  return { datasetFolder: join(folder, 'blobs'), out: join(folder, 'study'), store: join(folder, 'runs') };
}
const readText = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');

describe('runStudy', () => {
  it('trains each model once, and the figure is what its CSV holds', async () => {
    const at = folders();
    const { host, trained, evaluated } = fakeHost();
    const record = await runStudy({ ...at, spec: study('rotation') }, host);
    expect(record.status).toBe('done');
    expect([trained.length, evaluated.length]).toEqual([5, 5]);
    expect(readdirSync(at.out).sort()).toEqual(['figure.csv', 'figure.svg', 'study.json', 'table.csv', 'table.md']);
    const { rows: _, ...labels } = record.results!.figure;
    expect(labels.panels.map(({ name }) => name)).toEqual(['sagittal plane', 'coronal plane', 'axial plane', 'right angles', 'cone (cone60-v1)']);
    expect(labels.bandLabel).toBe('Bands and bars: ± standard error over cases; n = 12 cases');
    // 5 models and the ceiling; 3 angles in 3 planes, 24 and 24
    const lines = readText(at.out, 'figure.csv').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 6 * (9 + 48));
    expect(lines[1]).toMatch(/^sagittal plane,steerable,0,0\.8[\d]*,0\.8[\d]*,0\.8[\d]*,12$/);
    expect(figureSvg(figureFromCsv(readText(at.out, 'figure.csv'), labels))).toBe(readText(at.out, 'figure.svg'));
    expect(record.results!.findings.join('\n')).toMatch(/steerable is flatter than ordinary \(planes\): it loses 0\.\d+ less of its upright Dice \(paired difference -0\.\d+, 95 % interval -0\.\d+ to -0\.\d+, 6 subjects, 12 cases, Wilcoxon p = 0\.031\)/);
    expect(readText(at.out, 'table.md')).toContain('| steerable |');
    expect(readText(at.out, 'study.json')).not.toContain(at.out);
  });

  it('is written by one process at a time', async () => {
    const at = folders();
    const { host } = fakeHost();
    const busy = { ...host, train: async (...rest: Parameters<typeof host.train>) => {
      const second = fakeHost();
      await expect(runStudy({ ...at, spec: study('models', { arms: study('models').arms.slice(0, 1) }) }, second.host)).rejects.toThrow(`Another process (${process.pid}) is writing the study in study.`);
      expect(second.trained).toEqual([]);
      return host.train(...rest);
    } };
    expect((await runStudy({ ...at, spec: study('models', { arms: study('models').arms.slice(0, 1) }) }, busy)).status).toBe('done');
    expect(readdirSync(at.out)).not.toContain('run.lock');
  }, 20_000);

  it('says so where nothing is shown to be flatter', async () => {
    const { host } = fakeHost();
    const same = { ...host, evaluate: async (_folder: string, ...rest: unknown[]) => host.evaluate('ordinary', ...(rest as [never, never, never])) };
    const { results } = await runStudy({ ...folders(), spec: study('rotation') }, same);
    expect(results!.findings.join('\n')).toContain('steerable is not shown to be flatter or less flat than ordinary (planes): paired difference of their losses 0.000');
  });

  it('claims nothing from a handful of subjects, however they agree', async () => {
    const { host } = fakeHost();
    const few = { ...host, evaluate: async (...args: Parameters<typeof host.evaluate>) => {
      const evaluation = await host.evaluate(...args);
      return { ...evaluation, caseDice: evaluation.caseDice.filter(({ subject }) => subject < 'subject 5') };
    } };
    const { findings } = (await runStudy({ ...folders(), spec: study('rotation') }, few)).results!;
    expect(findings.find((one) => one.startsWith('Upright'))).toMatch(/^Upright, no difference is shown between steerable and ordinary: -0\.050, 95 % interval -0\.05\d to -0\.0\d+, 5 subjects, 10 cases, Wilcoxon p = 0\.06\d; fewer than 6 subjects show nothing\.$/);
    expect(findings.join()).not.toMatch(/is flatter than|is better than/);
  });

  it('shares runs with other studies, and neither trains nor evaluates again', async () => {
    const at = folders();
    const first = fakeHost();
    await runStudy({ ...at, spec: study('rotation') }, first.host);
    const again = fakeHost();
    const record = await runStudy({ ...at, spec: study('rotation') }, again.host);
    expect([again.trained, again.evaluated, record.status]).toEqual([[], [], 'done']);
    const models = fakeHost();
    await runStudy({ ...at, out: join(at.store, 'models'), spec: study('models') }, models.host);
    expect([models.trained.length, models.evaluated.length]).toEqual([0, 5]);
  });

  it('names each case that is left out because it cannot be read', async () => {
    const at = folders();
    writeFileSync(join(at.datasetFolder, 'imagesTr', 'e.nii.gz'), 'broken');
    const spec = study('models');
    await expect(runStudy({ ...at, spec }, fakeHost().host)).rejects.toThrow('Case e of validation cannot be read');
    const arms = spec.arms.map((arm) => ({ ...arm, spec: { ...arm.spec, data: { ...arm.spec.data, skipBroken: true } } }));
    const { host } = fakeHost();
    const skipping = { ...host, train: async (...args: Parameters<typeof host.train>) => ({ ...(await host.train(...args)), skipped: [{ case: 'b', reason: 'b is no image.' }] }) };
    const { results } = await runStudy({ ...at, spec: { ...spec, arms } }, skipping);
    expect(results!.findings.slice(0, 2)).toEqual(['b is left out: b is no image.', expect.stringMatching(/^e is left out: e\.nii\.gz /)]);
  });

  it('shares no run with a study of another time limit, which would train it on', async () => {
    const at = folders();
    const limited = study('models', { minutesPerRun: 3 });
    await runStudy({ ...at, spec: limited }, fakeHost().host);
    const [other, same] = [fakeHost(), fakeHost()];
    const unlimited = await runStudy({ ...at, out: join(at.store, 'other'), spec: study('models') }, other.host);
    await runStudy({ ...at, out: join(at.store, 'same'), spec: limited }, same.host);
    expect([other.trained.length, same.trained.length]).toEqual([5, 0]);
    expect(unlimited.runs.map(({ run }) => run)).not.toContain(JSON.parse(readText(at.out, 'study.json')).runs[0].run);
  });

  it('asks for the folder of a run that is there already, where it is not in the store', async () => {
    const [one, ...others] = study('models').arms;
    const record = await runStudy({ ...folders(), spec: study('models', { arms: [{ ...one!, trained: { run: 'mine', weights: 'x' } }, ...others] }) }, fakeHost().host);
    expect(record.runs[0]).toMatchObject({ status: 'failed', problem: { message: 'The run mine, which the study holds to be there, was not found.', remedy: 'Give its folder with --runs "steerable=FOLDER".' } });
  });

  it('goes on where it was stopped', async () => {
    const at = folders();
    const first = fakeHost({ stopsAfter: 2 });
    await expect(runStudy({ ...at, spec: study('models') }, first.host)).rejects.toMatchObject({ code: 'cancelled' });
    expect(JSON.parse(readText(at.out, 'study.json')).status).toBe('stopped');
    const second = fakeHost();
    expect((await runStudy({ ...at, spec: study('models') }, second.host)).status).toBe('done');
    expect([first.trained.length, second.trained.length]).toEqual([2, 3]);
  });

  it('refuses a study whose spec has changed, with the difference, and leaves it as it was', async () => {
    const at = folders();
    await runStudy({ ...at, spec: study('models') }, fakeHost().host);
    const before = readText(at.out, 'study.json');
    const arms = study('models').arms.map((arm, i) => (i === 1 ? { ...arm, spec: { ...arm.spec, loss: 'dice' as const } } : arm));
    const changed = runStudy({ ...at, spec: study('models', { arms, minutesPerRun: 3 }) }, fakeHost().host);
    await expect(changed).rejects.toMatchObject({ code: 'bad-input', message: 'The folder study holds this study with another spec: arms.1.spec.loss: "cross-entropy+dice" before, "dice" now; minutesPerRun: nothing before, 3 now.' });
    expect(readText(at.out, 'study.json')).toBe(before);
  });

  it('names a run that failed without its path, and does the others', async () => {
    const at = folders();
    const record = await runStudy({ ...at, spec: study('models') }, fakeHost({ fails: 'group-unet' }).host);
    expect(record.status).toBe('failed');
    expect(record.runs.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done', 'failed']);
    expect(record.runs[4]!.problem!.message).toBe('no group-unet at x');
    expect(record.results!.figure.rows.filter(({ panel }) => panel === 'mean of structures').map(({ x }) => x)).toEqual(['steerable', 'ordinary', 'ordinary ±20°', 'ordinary full']);
    expect(readText(at.out, 'table.md')).toContain('- Failed: group CNN');
  });

  it('refuses runs that were trained on other data under the same names', async () => {
    const at = folders();
    const { host } = fakeHost();
    const withData = { ...host, train: async (...args: Parameters<typeof host.train>) => {
      const record = { ...(await host.train(...args)), data: [{ case: 'a', part: 'train' as const, image: 'another', label: 'another' }] };
      writeFileSync(join(args[1], 'run.json'), JSON.stringify(record));
      return record;
    } };
    await runStudy({ ...at, spec: study('models') }, withData);
    const { runs } = await runStudy({ ...at, spec: study('models') }, fakeHost().host);
    expect(runs[0]).toMatchObject({ status: 'failed', problem: { message: expect.stringContaining('was trained on other data: a, ') } });
  });

  it('refuses runs whose structures had other names', async () => {
    const at = folders();
    const { cases, structures } = await openDataset(at.datasetFolder);
    const { host } = fakeHost();
    const hashes = await hashesOf(cases[0]!);
    const withData = { ...host, train: async (...args: Parameters<typeof host.train>) => {
      const record = { ...(await host.train(...args)), structures: [...structures], data: [{ case: cases[0]!.id, part: 'train' as const, ...hashes }] };
      writeFileSync(join(args[1], 'run.json'), JSON.stringify(record));
      return record;
    } };
    await runStudy({ ...at, spec: study('models') }, withData);
    const again = fakeHost();
    expect((await runStudy({ ...at, spec: study('models') }, again.host)).status).toBe('done');
    expect(again.trained).toEqual([]);
    const dataset = JSON.parse(readText(at.datasetFolder, 'dataset.json')) as { labels: Record<string, string> };
    writeFileSync(join(at.datasetFolder, 'dataset.json'), JSON.stringify({ ...dataset, labels: { ...dataset.labels, 1: 'Renamed' } }));
    const { runs } = await runStudy({ ...at, spec: study('models') }, fakeHost().host);
    expect(runs[0]).toMatchObject({ status: 'failed', problem: { message: expect.stringContaining(`was trained on other data: the name of label 1 (${structures[0]!.name}) changed since`) } });
  });

  const tested = { train: ['a', 'b', 'c'], validation: ['d'], test: ['e', 'f'] };
  /** Trains, and says that it saw these. */
  const seeing = (host: StudyHost, ...data: Partial<RunRecord['data'][number]>[]): StudyHost => ({ ...host, train: async (...args) => {
    const record = { ...(await host.train(...args)), data: data.map((one) => ({ case: 'f', part: 'validation' as const, image: '', label: '', ...one })) };
    writeFileSync(join(args[1], 'run.json'), JSON.stringify(record));
    return record;
  } });

  it.each([
    ['by name', async () => ({ case: 'f' }), 'f'],
    ['by its image, whatever its name', async (folder: string) => ({ case: 'elsewhere', image: await sha256(join(folder, 'imagesTr', 'e.nii.gz')) }), 'e'],
  ])('refuses to test on a case that was trained on, %s, before it trains anything', async (_how, seen, name) => {
    const at = folders();
    await runStudy({ ...at, spec: study('models') }, seeing(fakeHost({ fails: 'group-unet' }).host, await seen(at.datasetFolder)));
    writeFileSync(join(at.datasetFolder, 'split.json'), JSON.stringify(tested));
    const later = { ...at, out: join(at.store, 'later') };
    const { host, trained } = fakeHost();
    await expect(runStudy({ ...later, spec: study('models', { part: 'test' }) }, host)).rejects.toThrow(new RegExp(`was trained or tuned on ${name} of test\\.$`));
    expect([trained, existsSync(later.out)]).toEqual([[], false]);
  });

  it('does not show a run that saw what it is tested on while the study ran', async () => {
    const at = folders();
    writeFileSync(join(at.datasetFolder, 'split.json'), JSON.stringify(tested));
    const { host, evaluated } = fakeHost();
    const { status, runs, results } = await runStudy({ ...at, spec: study('models', { part: 'test' }) }, seeing(host, {}));
    expect([status, evaluated, results]).toEqual(['failed', [], undefined]);
    expect(runs[0]!.problem!.message).toMatch(/^The evaluation failed: steerable-unet-\w+ was trained or tuned on f of test\.$/);
  });

  it('refuses a part without cases and a case that cannot be read before it trains anything', async () => {
    const at = folders();
    const { host, trained } = fakeHost();
    await expect(runStudy({ ...at, spec: study('models', { part: 'test' }) }, host)).rejects.toMatchObject({ code: 'bad-input', message: 'The split of Blobs has no cases in test.' });
    writeFileSync(join(at.datasetFolder, 'imagesTr', 'f.nii.gz'), 'no image');
    await expect(runStudy({ ...at, spec: study('models') }, host)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('Case f of validation cannot be read: f.nii.gz is not a NIfTI file') });
    expect([trained, existsSync(at.out)]).toEqual([[], false]);
  });

  it('shows the others where an evaluation fails, and says so in the record', async () => {
    const at = folders();
    const { host, trained } = fakeHost({ cannotEvaluate: 'group-unet' });
    const record = await runStudy({ ...at, spec: study('models') }, host);
    expect([record.status, trained.length]).toEqual(['failed', 5]);
    expect(record.runs[4]).toMatchObject({ status: 'failed', steps: 10, problem: { message: 'The evaluation failed: no Dice of group-unet' } });
    expect(record.results!.table.rows.map(({ model }) => model)).toEqual(['steerable', 'ordinary', 'ordinary ±20°', 'ordinary full']);
    expect(readText(at.out, 'table.md')).toContain('- Failed: group CNN, seed 3: The evaluation failed');
  });

  it('shows the spread over seeds, the best learning rate beside the common one, and comparisons at equal set sizes', async () => {
    const at = folders();
    const { host, trained } = fakeHost();
    const record = await runStudy({ ...at, spec: study('set-size', { seeds: [0, 1], learningRates: [0.001, 0.005] }) }, host);
    expect(trained).toHaveLength(3 * 2 * 2 * 2);
    const { figure, comparisons, table } = record.results!;
    expect(new Set(figure.rows.map(({ series }) => series))).toEqual(new Set(['steerable', 'steerable, own best rate 0.005', 'ordinary', 'ordinary, own best rate 0.005', 'ordinary full', 'ordinary full, own best rate 0.005']));
    expect(figure.bandLabel).toContain('standard deviation over 2 seeds');
    expect(figure.rows.map(({ x }) => x)).toContain(4);
    expect(new Set(comparisons.map(({ first }) => first))).toEqual(new Set(['steerable (2)', 'steerable (4)']));
    expect(table.rows[0]).toMatchObject({ 'training cases': 2, seeds: 2, cases: 12, subjects: 6, 'upright SD over seeds': 0 });
  });

  it('gives a paired difference for each seed too', async () => {
    const at = folders();
    const { host } = fakeHost();
    const bySeed = { ...host, evaluate: async (folder: string, ...rest: [readonly string[], never, string]) => {
      const evaluation = await host.evaluate(folder, ...rest);
      const more = folder.includes('steerable') && readText(folder, 'best.safetensors').endsWith(' 1') ? 0.01 : 0;
      return { ...evaluation, caseDice: evaluation.caseDice.map((one) => ({ ...one, mean: one.mean! + more })) };
    } };
    const record = await runStudy({ ...at, spec: study('models', { seeds: [0, 1] }) }, bySeed);
    const { comparisons, findings } = record.results!;
    expect(comparisons[0]).toMatchObject({ first: 'steerable', second: 'ordinary', mean: expect.closeTo(-0.045), seeds: [{ seed: 0, mean: expect.closeTo(-0.05) }, { seed: 1, mean: expect.closeTo(-0.04) }] });
    expect(findings[0]).toMatch(/^Upright, ordinary is better than steerable by 0\.045 \(paired difference -0\.045, .*; seed 0: -0\.050, seed 1: -0\.040\)\.$/);
    expect(studySection(record, []).tables.find(({ title }) => title.startsWith('Paired'))!.table.rows[0]).toMatchObject({ 'by seed': 'seed 0: -0.050, seed 1: -0.040' });
    const one = await runStudy({ ...at, out: join(at.store, 'one'), spec: study('models') }, host);
    expect([one.results!.comparisons[0]!.seeds, one.results!.findings.join()]).toEqual([undefined, expect.not.stringContaining('seed 0')]);
  });

  it('shows no spread of one case', async () => {
    const { host } = fakeHost();
    const alone: StudyHost = { ...host, evaluate: async (...asked) => {
      const evaluation = await host.evaluate(...asked);
      return { ...evaluation, caseDice: evaluation.caseDice.filter((one) => one.case === 'case_0') };
    } };
    for (const spread of ['SE', 'SD'] as const) {
      const { results } = await runStudy({ ...folders(), spec: study('models', { spread }) }, alone);
      expect(results!.figure.rows.map(({ n, low, high }) => ({ n, low, high }))).toEqual(results!.figure.rows.map(() => ({ n: 1, low: null, high: null })));
      expect(results!.table.rows[0]).toMatchObject({ 'upright SE': null, 'upright SD': null });
    }
    const record = await runStudy({ ...folders(), spec: study('models') }, alone);
    expect(studySection(record, []).tables.find(({ title }) => title.startsWith('Paired'))!.table.rows[0]).toMatchObject({ SD: null, cases: 1 });
    const { host: other } = fakeHost();
    const oneSeed: StudyHost = { ...other, train: async (spec, ...rest) => (spec.seed === 1 && spec.model.architecture === 'unet' ? Promise.reject(new Error('no')) : other.train(spec, ...rest)) };
    const { rows } = (await runStudy({ ...folders(), spec: study('models', { seeds: [0, 1] }) }, oneSeed)).results!.table;
    expect(rows.slice(0, 2)).toMatchObject([{ seeds: 2, 'upright SD over seeds': 0 }, { seeds: 1, 'upright SD over seeds': null }]);
  });

  it('draws parameters stored and live', async () => {
    const { results } = await runStudy({ ...folders(), spec: study('parameters') }, fakeHost().host);
    const x = (panel: string, series: string) => results!.figure.rows.filter((row) => row.panel === panel && row.series === series).map((row) => Number(row.x));
    const [stored, live] = [x('parameters stored', 'steerable 3³'), x('parameters live', 'steerable 3³')];
    expect(stored).toHaveLength(3);
    stored.forEach((count, i) => expect(live[i]!).toBeLessThan(count));
    expect(x('parameters live', 'ordinary 3³')).toEqual(x('parameters stored', 'ordinary 3³'));
  });

  it('measures time and memory instead of Dice', async () => {
    const { results } = await runStudy({ ...folders(), spec: study('cost') }, fakeHost().host);
    expect(results!.figure.rows.filter(({ series }) => series === 'steerable')).toEqual([
      { panel: 'time per epoch', series: 'steerable', x: 'steerable', mean: 2.5, low: 2, high: 3, n: 2 },
      { panel: 'memory of a step', series: 'steerable', x: 'steerable', mean: 3, low: null, high: null, n: 1 },
    ]);
    // a patch that was never cut says nothing about a run on whole volumes
    const [arm] = study('cost').arms;
    const whole = study('cost', { arms: [{ ...arm!, spec: { ...arm!.spec, sampling: { ...arm!.spec.sampling, kind: 'volume' } } }] });
    expect((await runStudy({ ...folders(), spec: whole }, fakeHost().host)).results!.table.rows).toEqual([expect.objectContaining({ 'patch side (voxels)': 'whole volumes', 'memory of a step (MiB)': null, 'median seconds an epoch': 2.5 })]);
  });
});
