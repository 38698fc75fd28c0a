/** @file `gyra export MODEL -o FILE.onnx`: a trained network as an ordinary CNN that other programs run; `-o FOLDER`: a run as it is passed on. */
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json';
import { startBackend } from '../../backends/choose';
import { pooledSizes, printSizes } from '../../contract/network-sizes';
import { badInput } from '../../contract/problem';
import { isFolder, writeByRename } from '../../data/file-access';
import { exportOnnx, onnxOperatorSet } from '../../model/export-onnx';
import { packRun } from '../../training/pack-run';
import { loadNetwork } from '../../training/weights-file';

export function register(program: Command): void {
  program
    .command('export')
    .description('write a model as ONNX (steerable convolutions become ordinary ones, volumes may have any size), or a run without what only --resume needs, to pass it on')
    .argument('<model>', 'run folder, or .safetensors file')
    .requiredOption('-o, --output <file>', 'file to write, .onnx, or folder')
    .option('--half', 'weights of the folder rounded to half precision')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(model: string, { output, half, json }: { output: string; half?: boolean; json?: boolean }): Promise<void> {
  const ending = extname(output);
  if (ending !== '' && ending !== '.onnx') throw badInput(`The output ${basename(output)} is neither an ONNX name nor a folder.`, 'Give a name that ends in .onnx, or one without a dot for a folder.');
  if (ending === '.onnx' && half) throw badInput('--half is for runs that are written as a folder, not for ONNX.', 'Leave --half away, or give a name without .onnx.');
  if (ending === '') return exportRun(model, output, { half, json });
  await exportModel(model, output, json);
}

async function exportRun(model: string, output: string, { half = false, json = false }: { half?: boolean; json?: boolean }): Promise<void> {
  if (!(await isFolder(model))) throw badInput(`${basename(model)} is not the folder of a run.`, 'Give the folder of a run, or a name that ends in .onnx to write a model.');
  await packRun(model, output, { half });
  const facts = { output: basename(output), precision: half ? 'half' : 'as in the run' };
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${facts.output} written: run.json, metrics.jsonl and best.safetensors, precision ${facts.precision}.\n`);
}

async function exportModel(model: string, output: string, json = false): Promise<void> {
  const name = basename(output);
  const backend = await startBackend({ threads: 1 });
  try {
    const { network, spec, structures } = await loadNetwork(model);
    const bytes = exportOnnx(network, packageJson.version, { structures: JSON.stringify(structures) });
    await writeByRename(output, bytes);
    const facts = { output: name, bytes: bytes.length, operatorSet: onnxOperatorSet, input: ['batch', spec.inputs, 'x', 'y', 'z'], logits: ['batch', spec.outputs, 'x', 'y', 'z'], sizes: pooledSizes(spec) };
    if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
    else process.stdout.write(`${name} written: operator set ${facts.operatorSet}, image [${facts.input.join(', ')}] to logits [${facts.logits.join(', ')}].\nx, y and z are ${printSizes(facts.sizes)}; normalisation, padding and cropping stay outside.\n`);
  } finally {
    await backend.dispose();
  }
}
