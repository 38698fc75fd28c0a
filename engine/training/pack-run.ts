/** @file A run as it is passed on: run.json, metrics.jsonl and best.safetensors, without the checkpoint that only `--resume` needs. The models that ship are such folders. */
import { copyFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { badInput } from '../contract/problem';
import { exists, readBytes, writeFolderByRename } from '../data/file-access';
import { toHalfPrecision } from '../data/safetensors';
import { RunFolder } from './run-folder';

/**
 * @param half weights rounded to half precision, half the bytes
 * @throws GyraError where the run is being written or has no finished epoch, or `folder` exists
 */
export async function packRun(runFolder: string, folder: string, { half = false } = {}): Promise<void> {
  const run = new RunFolder(runFolder);
  const { status } = await run.readRecord();
  if (status === 'running') throw badInput(`${basename(runFolder)} is not finished.`, 'Wait for it or stop it; if it was killed, go on with it: train --resume.');
  const bytes = await readBytes(run.best);
  const weights = half ? toHalfPrecision(bytes, 'best.safetensors') : bytes;
  await writeFolderByRename(folder, async (temporary) => {
    const packed = new RunFolder(temporary);
    await writeFile(packed.best, weights);
    await copyFile(run.record, packed.record);
    if (await exists(run.metrics)) await copyFile(run.metrics, packed.metrics);
  });
}
