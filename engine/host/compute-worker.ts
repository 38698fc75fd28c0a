/** @file Main file of the compute worker: runs one task after another, as a thread of the engine process or as a child process of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { startBackend } from '../backends/choose';
import { problemFrom } from '../contract/problem';
import { createCaseStore, type CaseStore } from './case-store';
import type { ComputeReply, ComputeRequest, ComputeTask, ComputeTasks, ComputeWorkerData } from './compute-tasks';
import { createNetworkStore } from './network-store';
import { segmentPose } from './segment-pose';

type Tasks = { [T in ComputeTask]: (args: ComputeTasks[T]['arguments']) => Promise<ComputeTasks[T]['result']> };

const cancel = (workerData as ComputeWorkerData | null)?.cancel;
const isCancelled = (): boolean => cancel !== undefined && Atomics.load(cancel, 0) !== 0;
let cases: CaseStore;
let networkOf: ReturnType<typeof createNetworkStore>;

const tasks: Tasks = {
  async start({ assetsFolder }) {
    cases = createCaseStore(assetsFolder);
    networkOf = createNetworkStore(assetsFolder);
    const { threads, mode, kernelVariant } = await startBackend({ cancel });
    return { threads, mode, kernelVariant };
  },
  async openCase(args) {
    return (await cases.open(args)).summary;
  },
  async segment(args) {
    return segmentPose(args, await cases.get(args.caseId), await networkOf(args.modelId), isCancelled);
  },
};

const reply = (message: ComputeReply): void => {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
};
async function answer({ id, task, args }: ComputeRequest): Promise<void> {
  try {
    reply({ id, result: { ok: true, value: await tasks[task](args as never) } });
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
