/** @file `gyra predict MODEL IMAGE... -o OUT`: the labels of one case, with the image's geometry. `--logits OUT.safetensors`: what the network gives, before labels are made of it. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackendName } from '../../backends/choose';
import { badInput } from '../../contract/problem';
import { readBytes, writeByRename } from '../../data/file-access';
import { labelsIn } from '../../contract/structure';
import { checkSameGrid } from '../../data/labels';
import { fromRas, toRas } from '../../data/orientation';
import { canBeWritten, readImages, writeLabels, writtenEndings } from '../../data/read-scan';
import type { Scan } from '../../data/scan';
import { readSafetensors, writeSafetensors } from '../../data/safetensors';
import { predictUpright } from '../../evaluation/predict-volume';
import { rawLogits, uprightLogits, type ChannelVolume } from '../../evaluation/raw-logits';
import { loadNetwork, trainedMargin, trainedPatch } from '../../training/weights-file';
import { backendOption, startChosenBackend } from '../backend-option';
import { parseCount, patchHelp } from '../option-parsers';

interface Options {
  output?: string;
  logits?: string;
  patch?: number;
  threads?: number;
  backend: BackendName;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('predict')
    .description('segment one case')
    .argument('<model>', 'run folder; or .safetensors file, which does not say how it was trained: no margin of fill, windows of 128 voxels')
    .argument('<images...>', 'image (NIfTI, NRRD, MetaImage, MGH, folder of a DICOM series), or one for each contrast in the order of the training; with --logits alone also a .safetensors file with one tensor [channel, x, y, z]')
    .option('-o, --output <file>', `labels to write with the image's geometry, ${writtenEndings}`)
    .option('--logits <file>', "the network's raw output to write, .safetensors: tensor logits [channel, x, y, z], axes right, front, up, of the whole volume at once, never by windows; a tensor is used as it is, not normalised, padded with zeros as the model does")
    .option('--patch <voxels>', patchHelp, parseCount)
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--json', 'print one JSON document')
    .action(predict);
}

async function predict(model: string, imagePaths: readonly [string, ...string[]], { output, logits, patch, threads, backend: backendName, json }: Options): Promise<void> {
  if (output === undefined && logits === undefined) throw badInput('There is nothing to write.', 'Add -o FILE.nii.gz for labels, or --logits FILE.safetensors for the raw output.');
  for (const imagePath of imagePaths) if (output !== undefined) await checkOutput(output, imagePath, canBeWritten, 'name of a volume', writtenEndings);
  for (const imagePath of imagePaths) if (logits !== undefined) await checkOutput(logits, imagePath, (path) => path.endsWith('.safetensors'), 'safetensors name', '.safetensors');
  if (logits !== undefined && [resolve(model), resolve(model, 'best.safetensors')].includes(resolve(logits))) throw badInput(`The output ${basename(logits)} is the model itself.`, 'Give another name, so that the model is kept.');
  const name = basename(imagePaths[0]);
  const isTensor = name.endsWith('.safetensors');
  if (isTensor && output !== undefined) throw badInput(`${name} has no geometry that labels could take.`, 'Give an image, or --logits alone.');
  if (isTensor && imagePaths.length > 1) throw badInput(`${name} is a tensor, and ${imagePaths.length - 1} more inputs are given.`, 'Give the tensor alone: its channels are its contrasts.');
  const stored = isTensor ? [] : await readContrasts(imagePaths);
  const images = stored.map((one) => toRas(one));
  const tensor = isTensor ? readTensor(await readBytes(imagePaths[0]), name) : undefined;
  const backend = await startChosenBackend(backendName, { threads });
  try {
    const { network, spec, structures, record } = await loadNetwork(model);
    const outputIrreps = 'outputIrreps' in spec ? spec.outputIrreps : undefined;
    // the largest component of a vector is no class
    if (output !== undefined && outputIrreps !== undefined && /[1-9][eo]|0o/.test(outputIrreps)) throw badInput(`The model ${basename(model)} gives a field of ${outputIrreps}, of which no labels can be made.`, 'Write the field with --logits FILE.safetensors alone.');
    const facts: Record<string, unknown> = {};
    const lines: string[] = [];
    if (logits !== undefined) {
      const { data, shape } = tensor ? rawLogits(network, tensor, name) : uprightLogits(network, images, name, { margin: trainedMargin(record) });
      await writeByRename(logits, writeSafetensors(new Map([['logits', { dtype: 'F32' as const, shape, data }]])));
      Object.assign(facts, { logits: basename(logits), logitsShape: shape });
      lines.push(`${basename(logits)} written: logits [${shape.join(', ')}].`);
    }
    const [image] = stored;
    if (output !== undefined && image) {
      const start = performance.now();
      const labels = predictUpright(network, images, { windowSize: patch ?? trainedPatch(record), margin: trainedMargin(record) });
      const seconds = (performance.now() - start) / 1000;
      await writeLabels(output, fromRas(labels, image), image.geometry);
      const voxelMl = image.spacingMm.reduce((product, size) => product * size, 1) / 1000;
      const volumesMl = Object.fromEntries(structures.map((structure) => [structure.name, labels.data.filter((label) => labelsIn(structure).includes(label)).length * voxelMl]));
      Object.assign(facts, { output: basename(output), shape: image.shape, seconds, volumesMl });
      lines.push(`${basename(output)} written after ${seconds.toFixed(1)} s.`, ...Object.entries(volumesMl).map(([name, ml]) => `${name}: ${ml.toFixed(2)} ml`));
    }
    process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`);
  } finally {
    await backend.dispose();
  }
}

async function readContrasts(paths: readonly string[]): Promise<Scan[]> {
  const images: Scan[] = [];
  for (const path of paths)
    for (const image of await readImages(path)) {
      images.push(image);
      checkSameGrid(image, basename(path), images[0]!, basename(paths[0]!));
    }
  return images;
}

/** The one tensor of a safetensors file. */
function readTensor(bytes: Uint8Array, name: string): ChannelVolume {
  const { tensors } = readSafetensors(bytes, name);
  const [tensor] = tensors.values();
  if (!tensor || tensors.size > 1) throw badInput(`${name} holds ${tensors.size} tensors.`, 'Give a file with one tensor of shape [channel, x, y, z].');
  if (tensor.shape.length !== 4 || tensor.data.length === 0) throw badInput(`${name} holds a tensor of shape [${tensor.shape.join(', ')}].`, 'Give one of shape [channel, x, y, z].');
  return { shape: tensor.shape as unknown as ChannelVolume['shape'], data: Float32Array.from(tensor.data, Number) };
}

/** Says what is wrong before anything is computed. */
async function checkOutput(output: string, imagePath: string, isRight: (path: string) => boolean, kind: string, endings: string): Promise<void> {
  const name = basename(output);
  if (!isRight(output)) throw badInput(`The output ${name} is no ${kind}.`, `Give a name that ends in ${endings}.`);
  if (resolve(output) === resolve(imagePath)) throw badInput(`The output ${name} is the image itself.`, 'Give another name, so that the image is kept.');
  const folder = await stat(dirname(resolve(output))).catch(() => null);
  if (!folder?.isDirectory()) throw badInput(`The folder of the output ${name} does not exist.`, 'Make the folder first, or give another.');
}
