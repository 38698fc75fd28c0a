/** @file The thread that reads cases and draws samples beside the training step. */
import { parentPort, workerData } from 'node:worker_threads';
import { problemFrom, type Result } from '../contract/problem';
import { openSamples, type SampleRequest, type SampleThreadData, type SampleThreadMessage } from '../training/sample-source';
import type { Sample } from '../training/sampler';

const { spec, datasetFolder } = workerData as SampleThreadData;
const say = (message: SampleThreadMessage, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(message, transfer);
const failed = (error: unknown): Result<never> => ({ ok: false, problem: problemFrom(error) });
const buffersOf = ({ images, labels }: Sample): ArrayBuffer[] => [...images, labels].map(({ data }) => data.buffer as ArrayBuffer);

try {
  const { data, draw } = await openSamples(spec, datasetFolder);
  say({ data: { ok: true, value: data } });
  parentPort!.on('message', (request: SampleRequest) => {
    draw(request).then(
      (sample) => say({ sample: { ok: true, value: sample } }, buffersOf(sample)),
      (error: unknown) => say({ sample: failed(error) }),
    );
  });
} catch (error) {
  say({ data: failed(error) });
}
