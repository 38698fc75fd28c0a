/** @file `gyra report RUN|STUDY...`: one HTML page, and its figures and tables as files beside it. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json';
import { badInput } from '../../contract/problem';
import { readCsv } from '../../data/csv';
import { isFile, readBytes, readJson, writeByRename } from '../../data/file-access';
import { figureCsv, figureSvg, lightColours } from '../../experiments/figure';
import { referencesOf, reportPage, studySection, type PrintedValue, type ReportSection } from '../../experiments/report-page';
import { runSection } from '../../experiments/run-section';
import { studyRecord } from '../../experiments/study-record';
import { tableCsv } from '../../experiments/study-table';

interface Options {
  out: string;
  title: string;
  paper?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('report')
    .description('one self-contained HTML page of studies and runs, with CSV and SVG files beside it')
    .argument('<folders...>', 'folders of studies (study.json) and runs (run.json)')
    .option('--out <folder>', 'where to write', 'report')
    .option('--title <text>', 'title of the page', 'Gyra report')
    .option('--paper <file>', 'values to lay over the figures: comma-separated, columns table,row,column,value,source, the table as in "table 4" or "section 5.1.1"; none are shipped')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(folders: readonly string[], { out, title, paper, json }: Options): Promise<void> {
  const printed = paper === undefined ? [] : await readPrinted(paper);
  const sections: ReportSection[] = [];
  for (const folder of folders) sections.push(unlike(await sectionOf(folder, printed), sections));
  const files = new Map<string, string>();
  for (const { id, figures, tables, printed: values } of sections) {
    figures.forEach((figure, i) => {
      const references = referencesOf(figure, values);
      files.set(`${id}-figure-${i + 1}.svg`, figureSvg(figure, lightColours, references));
      files.set(`${id}-figure-${i + 1}.csv`, figureCsv(figure, references));
    });
    tables.forEach(({ table }, i) => files.set(`${id}-table-${i + 1}.csv`, tableCsv(table)));
  }
  files.set('report.html', reportPage(sections, { title, date: new Date().toISOString().slice(0, 10), version: packageJson.version }));
  await mkdir(out, { recursive: true });
  for (const [name, content] of files) await writeByRename(join(out, name), content);
  const unplaced = printed.length - new Set(sections.flatMap((section) => section.printed)).size;
  if (unplaced > 0) process.stderr.write(`${unplaced === 1 ? '1 printed value belongs' : `${unplaced} printed values belong`} to no study on this page.\n`);
  process.stdout.write(json ? `${JSON.stringify({ folder: basename(out), files: [...files.keys()] })}\n` : `${basename(out)}: report.html and ${files.size - 1} files of figures and tables.\n`);
}

async function sectionOf(folder: string, printed: readonly PrintedValue[]): Promise<ReportSection> {
  if (await isFile(join(folder, 'study.json'))) return studySection(await readJson(join(folder, 'study.json'), studyRecord), printed);
  if (await isFile(join(folder, 'run.json'))) return runSection(folder);
  throw badInput(`${basename(folder)} holds neither study.json nor run.json.`, 'Give the folder of a study or of a run.');
}

/** The same study of two folders gets two names. */
function unlike(section: ReportSection, others: readonly ReportSection[]): ReportSection {
  const taken = others.filter(({ id }) => id === section.id || id.startsWith(`${section.id}-again-`)).length;
  return taken === 0 ? section : { ...section, id: `${section.id}-again-${taken + 1}` };
}

async function readPrinted(file: string): Promise<PrintedValue[]> {
  const name = basename(file);
  return readCsv(new TextDecoder().decode(await readBytes(file)), name).map((row, i) => {
    const missing = ['table', 'row', 'column', 'value', 'source'].filter((column) => !row[column]?.trim());
    if (missing.length > 0) throw badInput(`${name}: line ${i + 2} has no ${missing.join(', ')}.`, 'Every value needs its table, row, column and source, as in: table,row,column,value,source.');
    const value = Number(row['value']);
    if (!Number.isFinite(value)) throw badInput(`${name}: line ${i + 2}: "${row['value']}" is no number.`, 'Write it with a point, as in 0.87.');
    return { table: row['table']!, row: row['row']!, column: row['column']!, value, source: row['source']! };
  });
}
