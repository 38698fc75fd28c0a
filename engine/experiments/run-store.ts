/** @file Trained runs by what they were trained with: the same spec is never trained twice, and a run that was interrupted goes on. */
import { basename, join } from 'node:path';
import { badInput } from '../contract/problem';
import { runRecord, type RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import { openDataset, structuresBeside, type CaseFiles, type Dataset } from '../data/dataset';
import { exists, readJson, sha256 } from '../data/file-access';

export class RunStore {
  constructor(private readonly folder: string) {}

  /** Of a spec named by its content. */
  folderOf({ name }: TrainingSpec): string {
    return join(this.folder, name);
  }

  /**
   * The record of a training that is over, or null where there is something left to do.
   * @param minutes a training that was stopped after so many minutes is over
   * @throws GyraError where it was trained on other data under the same names
   */
  async finished(spec: TrainingSpec, datasetFolder: string, minutes?: number): Promise<RunRecord | null> {
    const file = join(this.folderOf(spec), 'run.json');
    if (!(await exists(file))) return null;
    const record = await readJson(file, runRecord);
    const dataset = await openDataset(datasetFolder, { skipBroken: spec.data.skipBroken });
    const changed = [...(await changedCases(record, dataset)), ...changedStructures(record, dataset)];
    if (changed.length > 0) throw badInput(`Run ${spec.name} was trained on other data: ${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''} changed since.`, 'Give the data set it was trained on, or another --store folder.');
    const isOver = record.status === 'done' || (record.status === 'stopped' && minutes !== undefined && record.wallSeconds / 60 >= minutes);
    return isOver && (await exists(join(this.folderOf(spec), 'best.safetensors'))) ? record : null;
  }
}

/** Cases whose files are not those of the record. */
export async function changedCases({ data }: RunRecord, { cases }: Dataset): Promise<string[]> {
  const changed: string[] = [];
  for (const { case: id, image, label } of data) {
    const files = cases.find((one) => one.id === id);
    const now = files && (await hashesOf(files));
    if (now?.image !== image || now.label !== label) changed.push(id);
  }
  return changed;
}

/** Structures that have another name by now, or are none any more: what a run says of them would stand under a wrong name. */
function changedStructures({ data, spec, structures }: RunRecord, dataset: Dataset): string[] {
  if (data.length === 0) return [];
  const names = new Map(structuresBeside(spec.lossOptions.ignoreLabel, dataset.structures).map(({ value, name }) => [value, name]));
  return structures.filter(({ value, name }) => names.get(value) !== name).map(({ value, name }) => `the name of label ${value} (${name})`);
}

export type KnownCase = Pick<RunRecord['data'][number], 'case' | 'part'>;

/** What a run was trained or tuned on among some cases of a data set: the same image, or the same name in a data set of the same name. */
export async function knownCases({ data, spec }: RunRecord, dataset: string, cases: readonly CaseFiles[]): Promise<KnownCase[]> {
  if (data.length === 0) return [];
  const known: KnownCase[] = [];
  for (const files of cases) {
    const { image } = await hashesOf(files);
    const found = data.find((one) => one.image === image || (one.case === files.id && basename(spec.data.dataset) === basename(dataset)));
    if (found) known.push({ case: files.id, part: found.part });
  }
  return known;
}

/** SHA-256 of the contrasts of a case, one after the other, and of its labels. */
export const hashesOf = async ({ imagePaths, labelPath }: CaseFiles): Promise<{ image: string; label: string }> => ({ image: await sha256(...imagePaths), label: await sha256(labelPath) });
