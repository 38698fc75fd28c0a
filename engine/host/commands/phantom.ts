/** @file `gyra phantom brain|tumour -o FOLDER`: a data set of made-up heads, for studies that anyone can run. */
import { basename } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import { phantomKinds, phantomSettings, type PhantomKind } from '../../contract/phantom-settings';
import { badInput, cancelled } from '../../contract/problem';
import { phantomContrasts } from '../../data/phantom/phantom-case';
import { writePhantomDataset } from '../../data/phantom/write-phantom-dataset';
import { printShape } from '../../math/volume';
import { listOf, parseCount } from '../option-parsers';
import { progressLine } from '../progress-line';

interface Options {
  output: string;
  cases: number;
  seed: number;
  size?: number[];
  spacing?: number[];
  noise?: number;
  noiseKind?: string;
  bias?: number;
  contrast?: number;
  pose?: string;
  jitter?: number;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('phantom')
    .description('make a data set of phantoms: heads with seven structures, or brains with a tumour in four contrasts')
    .addArgument(new Argument('<kind>', 'which phantoms').choices(phantomKinds))
    .requiredOption('-o, --output <folder>', 'folder to make')
    .option('--cases <count>', 'number of heads', parseCount, 20)
    .option('--seed <number>', 'another seed, other heads', Number, 0)
    .option('--size <voxels>', 'voxels an axis, one number or three (default: 64)', listOf(Number))
    .option('--spacing <mm>', 'voxel size, one number or three (default: as many mm as hold the head)', listOf(Number))
    .option('--noise <deviation>', 'standard deviation, white matter is 1 (default: 0.03)', Number)
    .addOption(new Option('--noise-kind <kind>', 'distribution of the noise (default: rician)').choices(['rician', 'gaussian']))
    .option('--bias <strength>', 'logarithm of the bias field at its strongest (default: 0.15)', Number)
    .option('--contrast <deviation>', 'variation of brightness between cases (default: 0.03)', Number)
    .addOption(new Option('--pose <pose>', 'upright, or any rotation (default: upright)').choices(['upright', 'random']))
    .option('--jitter <degrees>', 'standard deviation of the angle of an upright head (default: 4)', Number)
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(kind: PhantomKind, { output, cases, seed, size, spacing, noise, noiseKind, bias, contrast, pose, jitter, json }: Options): Promise<void> {
  if (!Number.isInteger(seed) || seed < 0) throw badInput('The seed is no whole number from 0.', 'Give one, as in --seed 1.');
  const parsed = phantomSettings.safeParse({ size: triple(size), spacingMm: triple(spacing), noise: { kind: noiseKind, deviation: noise }, biasField: bias, contrastVariation: contrast, pose, jitterDegrees: jitter });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw badInput(`The phantoms' ${path.join('.')}: ${message}.`, 'gyra phantom --help lists what can be given.');
  }
  const settings = parsed.data;
  let stopped = false;
  const stop = (): void => void (stopped = true);
  process.on('SIGINT', stop);
  const progress = progressLine('Phantoms made');
  try {
    await writePhantomDataset(output, { kind, cases, seed, settings }, (done, of) => {
      if (stopped) throw cancelled();
      progress(done, of);
    });
  } finally {
    process.off('SIGINT', stop);
  }
  const facts = { dataset: basename(output), kind, cases, seed, contrasts: phantomContrasts(kind), settings };
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${facts.dataset}: ${cases} ${kind} phantoms of ${printShape(settings.size)} voxels, ${facts.contrasts.join(', ')}.\n`);
}

const triple = (values: readonly number[] | undefined): readonly number[] | undefined => (values?.length === 1 ? [values[0], values[0], values[0]] : values);
