/** @file `gyra cost SPEC`: what a network takes before it is trained. */
import type { Command } from 'commander';
import { parameterCount } from '../../model/cost';
import { parseCount } from '../option-parsers';
import { refuseWhatDoesNotFit } from '../plan-step';
import { readTrainingSpec } from '../read-training-spec';

interface Options {
  set: string[];
  patch: number;
  threads?: number;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('cost')
    .description('parameters and memory of a model; SPEC is a JSON file or a preset of assets/presets')
    .argument('<spec>', 'spec file, or name of a preset')
    .option('--set <key=value>', 'change one field of the spec, as in --set model.features=30; may be given again', (text: string, all: string[]) => [...all, text], [])
    .option('--patch <voxels>', 'side of the cube one training step sees', parseCount, 128)
    .option('--threads <count>', 'threads to compute with', parseCount)
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(specName: string, { set, patch, threads, json }: Options): Promise<void> {
  const { spec } = await readTrainingSpec(specName, set);
  const parameters = parameterCount(spec.model);
  const { highWaterBytes, memoryBytes } = await refuseWhatDoesNotFit(spec.model, patch, threads);
  const inMiB = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  process.stdout.write(
    json
      ? `${JSON.stringify({ parameters, patch, highWaterBytes, memoryBytes })}\n`
      : `parameters  ${parameters.stored}, of which ${parameters.live} live\nmemory      ${inMiB(highWaterBytes)} of tensors at most in a training step on ${patch}^3, ${inMiB(memoryBytes)} with the gaps between them\n`,
  );
}
