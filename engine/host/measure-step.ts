/** @file What one training step really takes: run once, with its loss and Adam, on an image of noise. */
import { readFileSync } from 'node:fs';
import { tensor, tidy, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import { startBackend } from '../backends/choose';
import type { Shape } from '../contract/engine-api';
import type { ModelSpec } from '../contract/model-spec';
import { voxelCount } from '../math/volume';
import { buildNetwork } from '../model/build-network';
import { valueAndGradients } from '../ops/backpropagation';
import { segmentationLoss } from '../ops/segmentation-loss';
import { Adam } from '../training/adam';
import { unreadLoss } from './plan-step';

export interface MeasuredStep {
  /** As {@link StepPlan} predicts them. */
  readonly highWaterBytes: number;
  readonly memoryBytes: number;
  /** The most the whole process ever had in memory, whatever it did besides. */
  readonly peakResidentBytes: number;
  /** Of the step, with kernels compiled in it. */
  readonly seconds: number;
}

/** Replaces the current backend. @throws GyraError of code out-of-memory where the step does not fit */
export async function measureStep(model: ModelSpec, shape: Shape, threads?: number): Promise<MeasuredStep> {
  const { backend, dispose } = await startBackend({ threads });
  const { heap } = backend.machine;
  const [nx, ny, nz] = shape;
  try {
    const start = performance.now();
    tidy(() => {
      const network = buildNetwork(model, 0);
      const adam = new Adam(network.variables, () => 1e-3);
      const image = tensor(Float32Array.from({ length: voxelCount(shape) * model.inputs }, (_, i) => ((i * 0.618) % 1) - 0.5), [1, nz, ny, nx, model.inputs]) as Tensor5D;
      const labels = tensor(Int32Array.from({ length: voxelCount(shape) }, (_, i) => i % model.outputs), [1, nz, ny, nx], 'int32') as Tensor4D;
      adam.apply(
        valueAndGradients(() => {
          const logits = network.logits(image, { seed: 0, step: 1 });
          // one output is no segmentation, which has two classes at least
          return model.outputs === 1 ? unreadLoss(logits) : segmentationLoss(logits, labels, { dice: true });
        }).gradients,
      );
      adam.dispose();
      network.dispose();
    });
    return { highWaterBytes: heap.highWaterBytes, memoryBytes: heap.memory.buffer.byteLength, peakResidentBytes: peakResidentBytes(), seconds: (performance.now() - start) / 1000 };
  } finally {
    await dispose();
  }
}

/** VmHWM where Linux tells it, else what the system kept as the largest resident set. */
function peakResidentBytes(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return 1024 * Number(kilobytes);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}
