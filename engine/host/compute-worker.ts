/** @file Main file of the compute worker: runs one task after another, as a thread of the engine process or as a child process of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { startBackend } from '../backends/choose';
import { problemFrom } from '../contract/problem';
import { createCaseStore, type CaseStore } from './case-store';
import type { ComputeReply, ComputeRequest, ComputeTask, ComputeTasks, ComputeWorkerData } from './compute-tasks';

type Tasks = { [T in ComputeTask]: (args: ComputeTasks[T]['arguments']) => Promise<ComputeTasks[T]['result']> };

const cancel = (workerData as ComputeWorkerData | null)?.cancel;

let cases: CaseStore;

const tasks: Pick<Tasks, 'start' | 'openCase'> = {
  async start({ assetsFolder }) {
    cases = createCaseStore(assetsFolder);
    const { threads, mode, kernelVariant } = await startBackend({ cancel });
    return { threads, mode, kernelVariant };
  },
  async openCase(args) {
    return (await cases.open(args)).summary;
  },
};

const reply = (message: ComputeReply): void => {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
};
async function answer({ id, task, args }: ComputeRequest): Promise<void> {
  try {
    reply({ id, result: { ok: true, value: await (tasks as Tasks)[task](args as never) } });
  } catch (error) {
    reply({ id, result: { ok: false, problem: problemFrom(error) } });
  }
}
if (parentPort) parentPort.on('message', (request: ComputeRequest) => void answer(request));
else {
  process.on('message', (request: ComputeRequest) => void answer(request));
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
}
