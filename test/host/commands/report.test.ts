import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainingSpec } from '../../../engine/contract/training-spec';
import { studySection } from '../../../engine/experiments/report-page';
import { runStudy } from '../../../engine/experiments/run-study';
import { builtInStudy } from '../../../engine/experiments/studies';
import { studySpec } from '../../../engine/experiments/study-spec';
import { register as report } from '../../../engine/host/commands/report';
import { fakeHost, fakeRecord } from '../../support/fake-study';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyDataset, tinySpec } from '../../support/tiny-dataset';

async function studied(name: 'models' | 'rotation', files: Record<string, unknown> = {}) {
  const folder = temporaryFolder({ ...Object.fromEntries(Object.entries(tinyDataset()).map(([path, content]) => [`blobs/${path}`, content])), ...files });
  const base = trainingSpec.parse({ ...tinySpec, data: { dataset: '/home/jane doe/scans/blobs', split: 'split.json' } });
  const spec = studySpec.parse({ ...builtInStudy(name, { base, trainingCases: 4, degrees: [0, 90] }), part: 'validation' });
  await runStudy({ spec, datasetFolder: join(folder, 'blobs'), out: join(folder, 'study'), store: join(folder, 'runs') }, fakeHost({ fails: 'group-unet' }).host);
  return folder;
}
const run = (...args: string[]) => runCommand([report], 'report', ...args);

describe('gyra report', () => {
  it('is one page without network, scripts or paths, and the same figures and tables as files', async () => {
    const spec = trainingSpec.parse({ ...tinySpec, data: { dataset: '/home/jane doe/scans/blobs' } });
    const metrics = [{ name: 'loss', value: 2, step: 1, context: { split: 'train' } }, { name: 'dice', value: 0.5, step: 1, context: { epoch: 0 } }].map((one) => `${JSON.stringify(one)}\n`).join('');
    const evaluation = { dataset: 'Blobs', split: 'test', upright: { mean: 0.8, sd: 0.1, n: 4 }, curve: [0, 90].map((degrees) => ({ plane: 'axial' as const, degrees, mean: 0.8, sd: 0.1, n: 4 })) };
    const folder = await studied('rotation', { 'run/run.json': fakeRecord(spec, { evaluation }), 'run/metrics.jsonl': metrics });
    const { code, stdout, stderr } = await run(join(folder, 'study'), join(folder, 'run'), '--out', join(folder, 'page'), '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const files = readdirSync(join(folder, 'page'));
    expect(new Set(files)).toEqual(new Set(JSON.parse(stdout).files));
    const page = readFileSync(join(folder, 'page', 'report.html'), 'utf8');
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|<link|@import|url\(|src=/);
    for (const file of files) expect(readFileSync(join(folder, 'page', file), 'utf8')).not.toMatch(/jane|\/home|\/tmp|gyra-test/);
    expect(page).toContain('Not a medical device');
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).toContain('steerable is flatter than ordinary (planes)');
    expect(page).toContain('failed: no group-unet');
    expect(page).toContain('Run tiny');
    expect(readFileSync(join(folder, 'page', 'run-figure-1.csv'), 'utf8')).toContain('training loss,this run,1,2,,,1');
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(readFileSync(join(folder, 'page', 'rotation-figure-1.svg'), 'utf8')).toBe(readFileSync(join(folder, 'study', 'figure.svg'), 'utf8'));
    expect(readFileSync(join(folder, 'page', 'rotation-figure-1.csv'), 'utf8')).toBe(readFileSync(join(folder, 'study', 'figure.csv'), 'utf8'));
  });

  it('gives a validation Dice the number of cases it is the mean over, which metrics of before leave to the record', async () => {
    const metrics = [{ epoch: 0 }, { epoch: 1, cases: 1 }].map((context, i) => `${JSON.stringify({ name: 'dice', value: 0.5, step: i + 1, context })}\n`).join('');
    const skipped = [{ case: 'g', reason: 'g.nii.gz is no image.' }];
    const data = ['d', 'e', 'f'].map((id, i) => ({ case: id, part: i < 1 ? ('train' as const) : ('validation' as const), image: id, label: id }));
    const folder = temporaryFolder({ 'run/run.json': fakeRecord(trainingSpec.parse(tinySpec), { data, skipped }), 'run/metrics.jsonl': metrics });
    expect((await run(join(folder, 'run'), '--out', join(folder, 'page'))).code).toBe(0);
    expect(readFileSync(join(folder, 'page', 'report.html'), 'utf8')).toContain('<dt>left out</dt><dd>g: g.nii.gz is no image.</dd>');
    expect(readFileSync(join(folder, 'page', 'run-figure-1.csv'), 'utf8')).toBe('panel,series,x,mean,low,high,n\nvalidation Dice,this run,1,0.5,,,2\nvalidation Dice,this run,2,0.5,,,1\n');
  });

  it('reads a run that was killed while it wrote its metrics, and names files by the folder where it is given as a dot', async () => {
    const metrics = `${JSON.stringify({ name: 'dice', value: 0.5, step: 1, context: { epoch: 0, cases: 2 } })}\n{"name":"dice","val`;
    const folder = temporaryFolder({ 'run/run.json': fakeRecord(trainingSpec.parse(tinySpec)), 'run/metrics.jsonl': metrics });
    expect((await run(`${join(folder, 'run')}/.`, '--out', join(folder, 'page'))).stderr).toBe('');
    expect(readFileSync(join(folder, 'page', 'run-figure-1.csv'), 'utf8')).toBe('panel,series,x,mean,low,high,n\nvalidation Dice,this run,1,0.5,,,2\n');
  });

  it('lays values of a file over the figure, with their source', async () => {
    const folder = await studied('models', { 'paper.csv': 'table,row,column,value,source\n3,ordinary,Body,0.5,"a page, 12"\n4,x,y,1,z\n' });
    const { code, stderr } = await run(join(folder, 'study'), '--out', join(folder, 'page'), '--paper', join(folder, 'paper.csv'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 printed value belongs to no study on this page.\n' });
    const page = readFileSync(join(folder, 'page', 'report.html'), 'utf8');
    expect(page).toContain('a page, 12');
    expect(page).toContain('open diamonds: values printed in the paper');
    expect(readFileSync(join(folder, 'study', 'figure.svg'), 'utf8')).not.toContain('open diamonds');
    const csv = readFileSync(join(folder, 'page', 'models-figure-1.csv'), 'utf8').trimEnd().split('\n');
    expect([csv[0], csv.at(-1)]).toEqual(['panel,series,x,mean,low,high,n,source', 'Body,values printed in the paper,ordinary,0.5,,,,"a page, 12"']);
    expect(csv.slice(1, -1).every((line) => line.endsWith(','))).toBe(true);
    // drawn at the border it would be another value than the one in the CSV
    const percent = await studied('models', { 'paper.csv': 'table,row,column,value,source\n3,ordinary,Body,50,a page\n' });
    expect(await run(join(percent, 'study'), '--out', join(percent, 'page'), '--paper', join(percent, 'paper.csv'))).toMatchObject({ code: 2, stderr: expect.stringContaining('The printed value 50 of ordinary, Body, is no Dice.') });
    expect(readdirSync(percent)).not.toContain('page');
  });

  it.each([
    ['models', 'tables 3 and 5', ['3', 'table 3', 'Table 5', 'tab. 3', '5']],
    ['rotation', 'figures 5, 7, 8 and 9', ['figure 5', 'Fig. 9']],
    ['set-size', 'figure 4', ['figure 4']],
    ['cost', 'section 5.1.1', ['5.1.1', 'section 5.1.1']],
  ])('takes values for %s from %s alone', (name: string, paper: string, own: readonly string[]) => {
    const all = ['3', 'table 3', 'Table 5', 'tab. 3', 'table 4', '4', 'figure 4', 'figure 5', 'Fig. 9', '9', '5', '5.1.1', 'section 5.1.1', 'section 5.1', '1'];
    const spec = { ...studySpec.parse(builtInStudy('models', { base: trainingSpec.parse(tinySpec), trainingCases: 4 })), name, paper };
    const { printed } = studySection({ schemaVersion: 1, status: 'done', version: '0', spec, dataset: 'Blobs', quick: false, runs: [] }, all.map((table) => ({ table, row: 'a', column: 'b', value: 1, source: 's' })));
    expect(printed.map(({ table }) => table)).toEqual(all.filter((table) => own.includes(table)));
  });

  it.each([
    ['a folder with neither', 'blobs', '', 'blobs holds neither study.json nor run.json.'],
    ['a value without a source', 'study', 'table,row,column,value,source\n3,a,b,0.5,\n', 'paper.csv: line 2 has no source.'],
    ['a value that is none', 'study', 'table,row,column,value,source\n3,a,b,0.5 ±,x\n', 'paper.csv: line 2: "0.5 ±" is no number.'],
  ])('refuses %s', async (_what, target, csv, message) => {
    const folder = await studied('models', { 'paper.csv': csv });
    const { code, stderr } = await run(join(folder, target), '--out', join(folder, 'page'), ...(csv ? ['--paper', join(folder, 'paper.csv')] : []));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(readdirSync(folder)).not.toContain('page');
  });
});
