import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockRun } from '../../engine/training/run-lock';
import { temporaryFolder } from '../support/temporary-folder';

it('gives the lock to one at a time, waits a little for it, and leaves nothing behind', async () => {
  const folder = temporaryFolder();
  const unlock = await lockRun(folder);
  await expect(lockRun(folder, { patienceMs: 0 })).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining(`Another process (${process.pid})`) as string });
  await expect(lockRun(folder, { patienceMs: 0 })).rejects.not.toThrow(folder);
  const waiting = lockRun(folder);
  setTimeout(() => void unlock(), 100);
  await (await waiting)();
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
});

it('takes over the lock of a process that is gone, or of one that had our number, but not of one that runs', async () => {
  const folder = temporaryFolder();
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  for (const stale of [`${gone}\n`, `${process.pid}\n`, 'nonsense', '']) {
    writeFileSync(join(folder, 'run.lock'), stale);
    const unlock = await lockRun(folder, { patienceMs: 0 });
    expect(readFileSync(join(folder, 'run.lock'), 'utf8')).toBe(`${process.pid}\n`);
    await unlock();
  }
  writeFileSync(join(folder, 'run.lock'), `${process.ppid}\n`);
  await expect(lockRun(folder, { patienceMs: 0 })).rejects.toThrow(`Another process (${process.ppid}) is writing the run`);
});

it('does not take a lock for one that is gone where its number is only about to be written', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'run.lock'), '');
  const asked = lockRun(folder, { patienceMs: 300, what: 'study' });
  setTimeout(() => writeFileSync(join(folder, 'run.lock'), `${process.ppid}\n`), 100);
  await expect(asked).rejects.toThrow(`Another process (${process.ppid}) is writing the study in`);
});
