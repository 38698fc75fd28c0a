/** @file The folder of a run: run.json, metrics.jsonl, run.lock (while it is written), last.safetensors (to go on from) and best.safetensors (what it is for). Each is replaced by rename; metrics are appended a line at a time. */
import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { badInput } from '../contract/problem';
import { runRecord, type RunRecord } from '../contract/run-record';
import { exists, readBytes, readJson, writeByRename } from '../data/file-access';
import { lockRun } from './run-lock';

/** One point: what was measured, where. Context never hides in the name. */
export interface Metric {
  /** `seconds`: of wall time since the start; `waiting`: share of an epoch's wall time that was spent waiting for samples. */
  readonly name: 'loss' | 'dice' | 'seconds' | 'waiting';
  readonly value: number;
  readonly step: number;
  readonly context: Readonly<Record<string, string | number>>;
}

export class RunFolder {
  readonly last: string;
  readonly best: string;
  readonly record: string;
  readonly metrics: string;
  constructor(readonly path: string) {
    this.last = join(path, 'last.safetensors');
    this.best = join(path, 'best.safetensors');
    this.record = join(path, 'run.json');
    this.metrics = join(path, 'metrics.jsonl');
  }

  /** Makes the folder and locks it; the function given back unlocks it. Unless the run goes on, it must not hold one already. */
  async open({ resume }: { resume: boolean }): Promise<() => Promise<void>> {
    await mkdir(this.path, { recursive: true });
    const unlock = await lockRun(this.path);
    try {
      if (!resume) await this.refuseRun();
      await this.sweep();
    } catch (error) {
      await unlock();
      throw error;
    }
    return unlock;
  }
  /** Removes files that a killed process had not finished writing. */
  private async sweep(): Promise<void> {
    const own = [this.last, this.best, this.record, this.metrics].map((path) => `${basename(path)}.`);
    for (const name of await readdir(this.path)) if (name.endsWith('.part') && own.some((start) => name.startsWith(start))) await rm(join(this.path, name), { force: true });
  }
  /** @throws GyraError where the folder holds a run */
  async refuseRun(): Promise<void> {
    if (await this.hasRecord()) throw badInput(`The folder ${basename(this.path)} already holds a run.`, 'Add --resume to go on with it, or give another name with --set name=... or another --out.');
  }
  hasCheckpoint(): Promise<boolean> {
    return exists(this.last);
  }
  hasRecord(): Promise<boolean> {
    return exists(this.record);
  }
  readRecord(): Promise<RunRecord> {
    return readJson(this.record, runRecord);
  }
  writeRecord(record: RunRecord): Promise<void> {
    return writeByRename(this.record, `${JSON.stringify(record, null, 2)}\n`);
  }
  appendMetrics(points: readonly Metric[]): Promise<void> {
    return appendFile(this.metrics, linesOf(points));
  }
  /** What was measured; nothing where the run has no metrics. */
  async readMetrics(): Promise<Metric[]> {
    if (!(await exists(this.metrics))) return [];
    return new TextDecoder().decode(await readBytes(this.metrics)).split('\n').flatMap((line) => {
      try {
        return JSON.parse(line) as Metric;
      } catch {
        return []; // the line a crash cut short, or the empty one at the end
      }
    });
  }
  /** Drops what was measured after the checkpoint a run goes on from: it will be measured again. */
  async trimMetrics(step: number): Promise<void> {
    if (await exists(this.metrics)) await writeByRename(this.metrics, linesOf((await this.readMetrics()).filter((point) => point.step <= step)));
  }
}

const linesOf = (points: readonly Metric[]): string => points.map((point) => `${JSON.stringify(point)}\n`).join('');
