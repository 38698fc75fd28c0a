/** @file `gyra cost SPEC`: what a network takes before it is trained. */
import type { Command } from 'commander';
import { printShape } from '../../math/volume';
import { parameterCount } from '../../model/cost';
import { collect, parseCount } from '../option-parsers';
import { estimateSeconds } from '../estimate-seconds';
import { measureStep } from '../measure-step';
import { patchShape, refuseWhatDoesNotFit, totalMultiplyAdds } from '../plan-step';
import { readTrainingOrModelSpec } from '../read-training-spec';

interface Options {
  set: string[];
  patch?: number;
  threads?: number;
  measure?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('cost')
    .description('parameters, multiply-adds, memory and about the seconds of a step; SPEC is a JSON file, of a training or of a model alone, or a preset of assets/presets')
    .argument('<spec>', 'spec file of a training or of a model alone, or name of a preset')
    .option('--set <key=value>', 'change one field of the spec, as in --set model.features=30; may be given again', collect, [])
    .option('--patch <voxels>', 'side of the cube one training step sees (default: of the patches of the spec, or 128 where it names none or trains on whole volumes)', parseCount)
    .option('--threads <count>', 'threads to compute with', parseCount)
    .option('--measure', 'run one training step and say what memory it took, in place of the estimate of time')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(specName: string, { set, patch: side, threads, measure, json }: Options): Promise<void> {
  const { spec } = await readTrainingOrModelSpec(specName, set);
  const { model, sampling } = spec;
  const patch = side ?? (sampling.kind === 'patch' ? sampling.patchSize : 128);
  const shape = patchShape(model, patch);
  const parameters = parameterCount(model);
  const { highWaterBytes, memoryBytes, forward, step } = await refuseWhatDoesNotFit(model, patch, threads);
  const multiplyAdds = { forward: totalMultiplyAdds(forward), step: totalMultiplyAdds(step) };
  const measured = measure ? await measureStep(model, shape, threads) : undefined;
  const [forwardSeconds, stepSeconds] = measured ? [] : await estimateSeconds([forward, step], threads);
  const estimatedSeconds = measured ? undefined : { forward: forwardSeconds, step: stepSeconds };
  const isAsked = shape.every((voxels) => voxels === patch);
  const facts: readonly (readonly [string, string])[] = [
    ['parameters', `${parameters.stored}, of which ${parameters.live} live`],
    ['multiply-adds', `${inBillions(multiplyAdds.forward)} forward, ${inBillions(multiplyAdds.step)} in a training step on ${isAsked ? `${patch}^3` : `${printShape(shape)}, the sizes this network takes for ${patch}^3`}`],
    ['memory', `${inMiB(highWaterBytes)} of tensors at most in a training step, ${inMiB(memoryBytes)} with the gaps between them`],
    measured
      ? ['measured', `${inMiB(measured.highWaterBytes)} of tensors, ${inMiB(measured.memoryBytes)} with the gaps, ${inMiB(measured.peakResidentBytes)} the whole process at most; one step of ${inSeconds(measured.seconds)}`]
      : ['time', `about ${inSeconds(forwardSeconds)} forward, ${inSeconds(stepSeconds)} a training step: an estimate from short measurements on this machine, just now`],
  ];
  process.stdout.write(json ? `${JSON.stringify({ parameters, patch, shape, multiplyAdds, highWaterBytes, memoryBytes, estimatedSeconds, measured })}\n` : facts.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join(''));
}

const inMiB = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
const inBillions = (count: number): string => `${(count / 1e9).toPrecision(3)} G`;
const inSeconds = (seconds: number): string => `${seconds.toPrecision(2)} s`;
