/** @file Only one process writes a run, or a study: the file run.lock in its folder holds the number of that process. One left behind by a process that is gone is taken over. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { badInput } from '../contract/problem';

/** Locks of this process, which its number alone would not tell from those of one that had the same number before. */
const held = new Set<string>();

/** A lock without a number is just being written; after so long it was left so by a crash. */
const unwrittenMs = 500;
const aMoment = (): Promise<void> => new Promise((resume) => setTimeout(resume, 50));

/**
 * Locks a folder; the function given back releases it.
 * @param patienceMs how long to wait for a process that is just ending, as one whose command was killed a moment ago
 * @throws GyraError where a living process holds the lock
 */
export async function lockRun(folder: string, { patienceMs = 5000, what = 'run' }: { patienceMs?: number; what?: 'run' | 'study' } = {}): Promise<() => Promise<void>> {
  const path = join(folder, 'run.lock');
  const start = performance.now();
  while (!(await tryToWrite(path))) {
    const content = await readFile(path, 'utf8').catch(() => null);
    if (content === null) continue;
    const owner = Number.parseInt(content, 10);
    if (content === '' && performance.now() - start < unwrittenMs) await aMoment();
    else if (owner === process.pid ? held.has(path) : isRunning(owner)) {
      if (performance.now() - start > patienceMs) throw badInput(`Another process (${owner}) is writing the ${what} in ${basename(resolve(folder))}.`, 'Wait until it has ended or stop it; or give another folder with --out. If that process is no Gyra (its number was given anew after a crash), delete run.lock in the folder.');
      await aMoment();
    } else await removeStale(path, content);
  }
  held.add(path);
  return async () => {
    held.delete(path);
    await rm(path, { force: true });
  };
}

const tryToWrite = (path: string): Promise<boolean> =>
  writeFile(path, `${process.pid}\n`, { flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw badInput(`run.lock could not be written (${error.code ?? 'unknown error'}).`, 'Check that you may write in the run folder, and that the disk has room.');
    },
  );

/** Of several that find the same stale lock one moves it away; one that has moved a newer lock instead puts it back. */
async function removeStale(path: string, content: string): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  const moved = await rename(path, aside).then(() => true, () => false);
  if (!moved) return;
  if ((await readFile(aside, 'utf8')) === content) await rm(aside, { force: true });
  else await rename(aside, path);
}

/** Signal 0 asks without sending; a process of somebody else is running too. */
function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
