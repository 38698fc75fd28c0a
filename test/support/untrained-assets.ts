/** @file An assets folder with the shipped cases and two small networks that were never trained: answers are poor and quick. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBackend } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import type { RunRecord } from '../../engine/contract/run-record';
import { trainingSpec } from '../../engine/contract/training-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { saveWeights } from '../../engine/training/weights-file';

export const structures = [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }];
const shared = { outputs: 3, poolings: 2, kernelSize: 3 };
const specs = {
  'hippocampus-ordinary': { architecture: 'unet', features: 2, ...shared },
  'hippocampus-steerable': { architecture: 'steerable-unet', irreps: '1x0e+1x1e', ...shared },
};

/** Fills `folder`; the cases are those of `casesFolder`. */
export async function writeUntrainedAssets(folder: string, casesFolder: string): Promise<void> {
  symlinkSync(casesFolder, join(folder, 'cases'), 'junction');
  const backend = await startBackend({ threads: 1 });
  for (const [name, given] of Object.entries(specs)) {
    const run = join(folder, 'models', name);
    mkdirSync(run, { recursive: true });
    const network = buildNetwork(modelSpec.parse(given), 1);
    await saveWeights(network, join(run, 'best.safetensors'), structures);
    network.dispose();
    const record: RunRecord = {
      schemaVersion: 1,
      status: 'stopped',
      spec: trainingSpec.parse({ name, model: given, data: { dataset: 'Task04_Hippocampus' } }),
      parameters: 0,
      structures,
      data: [],
      environment: { version: '0', backend: 'wasm', kernelVariant: 'plain', threads: 1, node: process.version, machine: 'test' },
      steps: 0,
      epochs: 0,
      bestEpoch: null,
      bestValidationDice: null,
      wallSeconds: 0,
    };
    writeFileSync(join(run, 'run.json'), JSON.stringify(record));
  }
  await backend.dispose();
}
