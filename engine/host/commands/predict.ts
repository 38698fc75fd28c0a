/** @file `gyra predict MODEL IMAGE -o OUT`: the labels of one image, with the image's geometry. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackendName } from '../../backends/choose';
import { badInput } from '../../contract/problem';
import { readBytes, writeByRename } from '../../data/file-access';
import { readImage, writeVolume } from '../../data/nifti';
import { predictUpright } from '../../evaluation/predict-volume';
import { loadNetwork } from '../../training/weights-file';
import { backendOption, startChosenBackend } from '../backend-option';
import { parseCount } from '../option-parsers';

interface Options {
  output: string;
  threads?: number;
  backend: BackendName;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('predict')
    .description('segment one image')
    .argument('<model>', 'run folder, or .safetensors file')
    .argument('<image>', 'NIfTI image')
    .requiredOption('-o, --output <file>', 'labels to write, .nii or .nii.gz')
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--json', 'print one JSON document')
    .action(predict);
}

async function predict(model: string, imagePath: string, { output, threads, backend: name, json }: Options): Promise<void> {
  await checkOutput(output, imagePath);
  const image = readImage(await readBytes(imagePath), basename(imagePath));
  const backend = await startChosenBackend(name, { threads });
  try {
    const { network, structures } = await loadNetwork(model);
    const start = performance.now();
    const labels = predictUpright(network, image);
    const seconds = (performance.now() - start) / 1000;
    await writeByRename(output, writeVolume(labels, image.geometry, output));
    const voxelMl = image.spacingMm.reduce((product, size) => product * size, 1) / 1000;
    const volumesMl = Object.fromEntries(structures.map(({ value, name }) => [name, labels.data.filter((label) => label === value).length * voxelMl]));
    if (json) process.stdout.write(`${JSON.stringify({ output: basename(output), shape: image.shape, seconds, volumesMl })}\n`);
    else process.stdout.write(`${basename(output)} written after ${seconds.toFixed(1)} s.\n${Object.entries(volumesMl).map(([name, ml]) => `${name}: ${ml.toFixed(2)} ml\n`).join('')}`);
  } finally {
    await backend.dispose();
  }
}

/** Says what is wrong before anything is computed. */
async function checkOutput(output: string, imagePath: string): Promise<void> {
  const name = basename(output);
  if (!/\.nii(\.gz)?$/.test(output)) throw badInput(`The output ${name} is no NIfTI name.`, 'Give a name that ends in .nii or .nii.gz.');
  if (resolve(output) === resolve(imagePath)) throw badInput(`The output ${name} is the image itself.`, 'Give another name, so that the image is kept.');
  const folder = await stat(dirname(resolve(output))).catch(() => null);
  if (!folder?.isDirectory()) throw badInput(`The folder of the output ${name} does not exist.`, 'Make the folder first, or give another.');
}
