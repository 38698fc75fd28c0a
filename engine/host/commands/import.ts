/** @file `gyra import FILE -o MODEL`: a network trained with the authors' e3nn_Unet as a model of ours. */
import { basename, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { startBackend } from '../../backends/choose';
import type { SteerableUnetSpec } from '../../contract/model-spec';
import type { AlongAxes } from '../../contract/network-sizes';
import { badInput } from '../../contract/problem';
import { readBytes } from '../../data/file-access';
import { readPytorchCheckpoint } from '../../data/pytorch-checkpoint';
import { readSafetensors } from '../../data/safetensors';
import { importE3nnUnet, type ImportOptions } from '../../model/import-e3nn-unet';
import { networkWithWeights } from '../../model/network-with-weights';
import { saveWeights } from '../../training/weights-file';
import { oneOf } from '../option-parsers';

interface Options extends Omit<ImportOptions, 'cutoff'> {
  output: string;
  cutoff?: 'on' | 'off';
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('import')
    .description('make a model of a checkpoint of e3nn_Unet; nothing in the file is run')
    .argument('<file>', '.pt, a state dict or a training checkpoint of nnU-Net; or .safetensors with the same tensors')
    .requiredOption('-o, --output <file>', 'model to write, .safetensors')
    .option('--steps <list>', 'voxel size along x, y and z, instead of what the lattices in the file say', parseSteps)
    .option('--diameter <size>', 'kernel diameter, in the unit of the steps', parseSize)
    .option('--cutoff <word>', 'radial functions confined to the radius: on or off', oneOf(['on', 'off']))
    .option('--scale <size>', 'diameter of the first pooling, in the unit of the steps', parseSize)
    .option('--padding <word>', 'where a volume is padded: front, as the authors do, or centred', oneOf(['front', 'centred']))
    .option('--pooling <word>', 'norm, the authors\' default, or average: a checkpoint does not tell', oneOf(['norm', 'average']))
    .option('--input-irreps <text>', 'of the input, as in 1x1o: in O(3) several may fit')
    .option('--output-irreps <text>', 'of the output, as in 1x1e: in O(3) vectors are taken for odd where either fits')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(file: string, { output, cutoff, json, ...options }: Options): Promise<void> {
  const [name, outputName] = [basename(file), basename(output)];
  if (!output.endsWith('.safetensors')) throw badInput(`The output ${outputName} is no safetensors name.`, 'Give a name that ends in .safetensors.');
  if (resolve(output) === resolve(file)) throw badInput(`The output ${outputName} is the checkpoint itself.`, 'Give another name, so that the checkpoint is kept.');
  const bytes = await readBytes(file);
  const state = file.endsWith('.safetensors') ? readSafetensors(bytes, name).tensors : readPytorchCheckpoint(bytes, name);
  const { spec, weights } = importE3nnUnet(state, { ...options, ...(cutoff && { cutoff: cutoff === 'on' }) }, name);
  const backend = await startBackend({ threads: 1 });
  try {
    const network = networkWithWeights(spec, weights);
    // a checkpoint does not name its classes
    const structures = Array.from({ length: spec.outputIrreps === undefined ? spec.outputs - 1 : 0 }, (_, i) => ({ value: i + 1, name: `Class ${i + 1}` }));
    await saveWeights(network, output, structures);
    const parameters = [...network.variables.values()].reduce((sum, { size }) => sum + size, 0);
    if (json) process.stdout.write(`${JSON.stringify({ output: outputName, spec, parameters })}\n`);
    else process.stdout.write(`${outputName} written: ${parameters} parameters.\n${Object.entries(spec).map(([key, value]) => `  ${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`).join('')}Pooling and padding leave no trace in a checkpoint: ${spec.pooling} and ${spec.padding} are ${options.pooling || options.padding ? 'as asked' : "the authors' defaults"}.\n${parityNote(spec, options)}`);
  } finally {
    await backend.dispose();
  }
}

/** In O(3) as many odd as even copies come before the output, and its weights fit either parity. */
const parityNote = ({ equivariance, outputIrreps }: SteerableUnetSpec, { outputIrreps: asked }: Pick<Options, 'outputIrreps'>): string =>
  equivariance === 'O3' && outputIrreps !== undefined && asked === undefined ? `Its output was taken for ${outputIrreps}, the parity of vectors and tensors; the other leaves no trace either: --output-irreps says it.\n` : '';

function parseSize(text: string): number {
  const size = Number(text);
  if (!(size > 0 && Number.isFinite(size))) throw new InvalidArgumentError('Give a size above 0.');
  return size;
}

function parseSteps(text: string): AlongAxes {
  const steps = text.split(',').map(parseSize);
  if (steps.length !== 3) throw new InvalidArgumentError('Give three sizes, as in 1,1,2.5.');
  return steps as unknown as AlongAxes;
}
