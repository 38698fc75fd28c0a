/** @file Reading and writing files with messages a person can act on. Messages name the file without its folder. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { z } from 'zod';
import { badInput, GyraError } from '../contract/problem';

export const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);
export const isFile = (path: string): Promise<boolean> => stat(path).then((found) => found.isFile(), () => false);
export const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false);

/** All bytes of a file. Throws a GyraError where it is missing, a folder or not readable. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** SHA-256 of files one after the other; of a folder, of the files in it. */
export async function sha256(...paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const inFolder = await readdir(path).catch(() => null);
    for (const file of inFolder ? inFolder.sort().map((name) => join(path, name)) : [path]) hash.update(await readBytes(file));
  }
  return hash.digest('hex');
}

/** A JSON file as its schema describes it. Throws a GyraError that names the file and the field. */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const name = basename(path);
  const text = new TextDecoder().decode(await readBytes(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badInput(`${name} is not valid JSON.`, 'Correct the file, or restore it from where it came from.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path: field, message }] = parsed.error.issues;
  throw badInput(`${name}: ${field.length > 0 ? `field "${field.join('.')}": ` : ''}${message}.`, 'Correct this field of the file.');
}

/** Writes under a temporary name beside the target, then renames: a reader sees the old file or the new one, never half of it. */
export async function writeByRename(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(temporary, bytes);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw unwritable(path, thrown);
  }
  await renameInto(temporary, path);
}

/** The second half of {@link writeByRename}, for a file that is already written beside the target. */
export async function renameInto(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw unwritable(path, thrown);
  }
}

/**
 * Writes a folder beside its place, then renames it: it is there whole or not at all.
 * @throws GyraError where it exists or cannot be written
 */
export async function writeFolderByRename(folder: string, write: (temporary: string) => Promise<void>): Promise<void> {
  if (await exists(folder)) throw badInput(`${basename(folder)} exists already.`, 'Give a folder that is not there yet.');
  // without a slash at the end, behind which the temporary folder would lie in the folder itself
  const temporary = `${resolve(folder)}.${randomUUID()}.part`;
  try {
    await mkdir(temporary, { recursive: true });
    await write(temporary);
    await rename(temporary, folder);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw thrown instanceof GyraError || !(thrown as NodeJS.ErrnoException).code ? thrown : unwritable(folder, thrown);
  }
}

const unwritable = (path: string, thrown: unknown): GyraError => new GyraError('bad-input', `${basename(path)} could not be written (${systemCode(thrown)}).`, 'Check that the folder it belongs in exists, that you may write there, and that the disk has room.');

function unreadable(path: string, thrown: unknown): GyraError {
  const code = systemCode(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new GyraError('not-found', `${basename(path)} was not found.`, 'Check the spelling and the folder.');
  if (code === 'EISDIR') return badInput(`${basename(path)} is a folder, not a file.`, 'Give the file inside it.');
  return badInput(`${basename(path)} could not be read (${code}).`, 'Check that you may read it.');
}

const systemCode = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown error';
