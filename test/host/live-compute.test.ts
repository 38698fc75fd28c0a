import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startCompute } from '../../engine/host/compute';

const folder = mkdtempSync(join(tmpdir(), 'gyra-compute-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A worker file that answers `start`, and every other task with what the code says. */
function workerFile(name: string, first: string, answer: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { parentPort, workerData, isMainThread } from 'node:worker_threads';
     ${first}
     const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
     const answer = ({ id, task, args }) => {
       if (task === 'start') return send({ id, result: { ok: true, value: { threads: 1, mode: 'single-thread', kernelVariant: 'plain' } } });
       ${answer}
     };
     if (parentPort) parentPort.on('message', answer); else process.on('message', answer);`,
  );
  return file;
}
const options = { assetsFolder: folder, onExit: () => undefined };
const pose = { caseId: 'c', modelId: 'm', rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1] };

describe('compute worker', () => {
  it('is interrupted through the shared flag, and the next task starts with the flag down', async () => {
    const pause = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)';
    const file = workerFile('interruptible', '', `while (Atomics.load(workerData.cancel, 0) === 0) ${pause}; send({ id, result: { ok: false, problem: { code: 'cancelled', message: 'm', remedy: 'r' } } });`);
    const compute = await startCompute({ ...options, workerFile: file });
    expect(compute.status.mode).toBe('single-thread');
    for (let round = 0; round < 2; round++) {
      let hasEnded = false;
      const task = compute.run('segment', pose).finally(() => (hasEnded = true));
      setTimeout(() => {
        expect(hasEnded).toBe(false);
        compute.cancel();
      }, 100);
      await expect(task).rejects.toMatchObject({ code: 'cancelled' });
    }
  });

  it('falls back to an ordinary child process where a thread does not come up', async () => {
    const file = workerFile('no-threads', "if (!isMainThread) throw new Error('threads are forbidden here');", "send({ id, result: { ok: true, value: process.pid } }); setTimeout(() => process.exit(), 50);");
    let ended: () => void = () => undefined;
    const exit = new Promise<void>((resolve) => (ended = resolve));
    const compute = await startCompute({ ...options, workerFile: file, onExit: () => ended() });
    expect(compute.status.mode).toBe('child-process');
    const pid = (await compute.run('segment', pose)) as unknown as number;
    expect(pid).not.toBe(process.pid);
    await exit;
  });

  it('fails with a problem, and says so, when the worker dies in the middle of a task', async () => {
    const file = workerFile('dying', '', 'process.exit(3);');
    let exits = 0;
    const compute = await startCompute({ ...options, workerFile: file, onExit: () => exits++ });
    await expect(compute.run('segment', pose)).rejects.toMatchObject({ code: 'engine-stopped' });
    expect(exits).toBe(1);
  });

  it('fails where neither a thread nor a process comes up', async () => {
    const file = workerFile('hopeless', "throw new Error('nothing works');", '');
    await expect(startCompute({ ...options, workerFile: file })).rejects.toMatchObject({ code: 'engine-stopped' });
  });
});
