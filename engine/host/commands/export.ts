/** @file `gyra export MODEL -o FILE.onnx`: a trained network as an ordinary CNN that other programs run. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json';
import { startBackend } from '../../backends/choose';
import { pooledSizes, printSizes } from '../../contract/network-sizes';
import { badInput } from '../../contract/problem';
import { writeByRename } from '../../data/file-access';
import { exportOnnx, onnxOperatorSet } from '../../model/export-onnx';
import { loadNetwork } from '../../training/weights-file';

export function register(program: Command): void {
  program
    .command('export')
    .description('write a model as ONNX: steerable convolutions become ordinary ones, volumes may have any size')
    .argument('<model>', 'run folder, or .safetensors file')
    .requiredOption('-o, --output <file>', 'file to write, .onnx')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(model: string, { output, json }: { output: string; json?: boolean }): Promise<void> {
  const name = basename(output);
  if (!output.endsWith('.onnx')) throw badInput(`The output ${name} is no ONNX name.`, 'Give a name that ends in .onnx.');
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
