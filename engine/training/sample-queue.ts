/** @file The samples of a training in order, asked for before they are needed. */
import type { TrainingSpec } from '../contract/training-spec';
import { epochCases, type Sample } from './sampler';
import type { SampleRequest, SampleSource } from './sample-source';
import type { TrainingData } from './training-data';

export class SampleQueue {
  private readonly drawn: Promise<Sample>[] = [];
  /** Time spent waiting for samples. */
  waitedSeconds = 0;
  constructor(
    private readonly source: SampleSource,
    private readonly requests: Iterator<SampleRequest>,
  ) {}

  async next(): Promise<Sample> {
    const start = performance.now();
    this.fill(1);
    const sample = await this.drawn.shift()!;
    this.waitedSeconds += (performance.now() - start) / 1000;
    this.fill();
    return sample;
  }

  /** Asks for what is worth asking for ahead. */
  fill(length = this.source.ahead): void {
    while (this.drawn.length < length) {
      const { value, done } = this.requests.next();
      if (done) return;
      const sample = this.source.draw(value);
      // heard where it is awaited; a training that ends before never awaits it
      sample.catch(() => undefined);
      this.drawn.push(sample);
    }
  }
}

/** What a training asks for from an epoch on: its steps, then the validation cases, epoch after epoch. */
export function* sampleRequests({ seed, stopping: { maximumSteps } }: TrainingSpec, { train, validation }: TrainingData, stepsPerEpoch: number, from: { epoch: number; step: number }): Generator<SampleRequest> {
  let { epoch, step } = from;
  for (; step < maximumSteps; epoch++) {
    for (const caseId of epochCases(train, seed, epoch, stepsPerEpoch).slice(0, maximumSteps - step)) yield { part: 'train', caseId, step: ++step };
    for (const caseId of validation) yield { part: 'validation', caseId };
  }
}
