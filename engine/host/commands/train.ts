/** @file `gyra train SPEC`: one training in a process of its own; Ctrl-C keeps what a resume needs. */
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import type { BackendName } from '../../backends/choose';
import { backendOption } from '../backend-option';
import { collect, parseCount, parseMinutes } from '../option-parsers';
import { findDataset, readTrainingSpec } from '../read-training-spec';
import { startTrainingJob } from '../training-job';
import type { TrainProgress } from '../../training/train';

interface Options {
  set: string[];
  out?: string;
  threads?: number;
  backend: BackendName;
  timeLimit?: number;
  resume?: boolean;
  skipBroken?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('train')
    .description('train one network; SPEC is a JSON file or a preset of assets/presets')
    .argument('<spec>', 'spec file, or name of a preset')
    .option('--set <key=value>', 'change one field of the spec, as in --set stopping.maximumSteps=100; may be given again', collect, [])
    .option('--out <folder>', 'run folder (default: runs/<name of the spec>)')
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--time-limit <minutes>', 'stop after the epoch in which so many minutes have passed', parseMinutes)
    .option('--resume', 'go on from the last whole epoch; starts the run where there is none')
    .option('--skip-broken', 'train without the cases that cannot be read, and record which (data.skipBroken)')
    .option('--json', 'print the run record as one JSON document')
    .action(run);
}

async function run(specName: string, { set, out, threads, backend, timeLimit, resume = false, skipBroken, json }: Options): Promise<void> {
  const { spec, datasetFolder } = await findDataset(await readTrainingSpec(specName, skipBroken ? [...set, 'data.skipBroken=true'] : set));
  const runFolder = out ?? join('runs', spec.name);
  const job = startTrainingJob({ spec, datasetFolder, runFolder, resume, timeLimitMinutes: timeLimit, threads, backend }, report);
  const stop = (): void => job.cancel();
  // a second Ctrl-C does not wait
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const record = await job.finished;
    const dice = record.bestValidationDice?.toFixed(3) ?? 'none';
    for (const { case: id, reason } of record.skipped ?? []) process.stderr.write(`Skipped ${id}: ${reason}\n`);
    process.stdout.write(json ? `${JSON.stringify(record)}\n` : `${spec.name}: ${record.steps} steps in ${record.epochs} epochs, ${(record.wallSeconds / 60).toFixed(1)} minutes; best validation Dice ${dice} (n = ${new Set(record.data.filter(({ part }) => part === 'validation').map((one) => one.case)).size}), in ${basename(runFolder)}.\n`);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function report({ epoch, step, maximumSteps, loss, validationDice, validationLoss, waiting, bestDice, wallSeconds }: TrainProgress): void {
  const text = `epoch ${epoch + 1}, step ${step} of at most ${maximumSteps}, loss ${loss.toFixed(3)}`;
  const minutes = `${(wallSeconds / 60).toFixed(1)} min`;
  if (validationDice !== null) {
    const waited = waiting !== null && waiting > 0.03 ? `, ${Math.round(100 * waiting)} % of this epoch waiting for data` : '';
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${text}, validation loss ${(validationLoss ?? NaN).toFixed(3)}, Dice ${validationDice.toFixed(3)} (of the best epoch ${(bestDice ?? 0).toFixed(3)}), ${minutes}${waited}\n`);
  } else if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}, ${minutes}`);
}
