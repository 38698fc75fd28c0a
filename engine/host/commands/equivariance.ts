/** @file `gyra equivariance MODEL`: how far the model is from turning its output with its input, layer by layer, beside the same network before training. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { startBackend } from '../../backends/choose';
import { equivarianceErrors, rightAnglesOf, type LayerEquivariance } from '../../evaluation/equivariance';
import { buildNetwork } from '../../model/build-network';
import { loadNetwork } from '../../training/weights-file';
import { parseCount } from '../option-parsers';
import { progressLine } from '../progress-line';

interface Options {
  size: number;
  rotations: number;
  threads?: number;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('equivariance')
    .description('error |f(Rx) - R f(x)| / |f(x)| of each layer and of the whole model, trained and untrained')
    .argument('<model>', 'run folder, or .safetensors file')
    .option('--size <voxels>', 'side of the test image', parseCount, 32)
    .option('--rotations <count>', 'arbitrary rotations, beside the 24 of the cube', parseCount, 6)
    .option('--threads <count>', 'threads to compute with', parseCount)
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(model: string, { size, rotations, threads, json }: Options): Promise<void> {
  const backend = await startBackend({ threads });
  try {
    const { network, spec, record } = await loadNetwork(model);
    const fresh = buildNetwork(spec, record?.spec.seed ?? 0);
    const trained = equivarianceErrors(network, { size, rotations, onProgress: progressLine('Rotations, trained') });
    const untrained = equivarianceErrors(fresh, { size, rotations, onProgress: progressLine('Rotations, untrained') });
    const layers = trained.map(({ layer, irreps, ...errors }, i) => ({ layer, irreps, trained: errors, untrained: { rightAngles: untrained[i]!.rightAngles, arbitrary: untrained[i]!.arbitrary } }));
    const rightAngles = rightAnglesOf(spec).length;
    if (json) process.stdout.write(`${JSON.stringify({ size, rightAngles, rotations, layers })}\n`);
    else process.stdout.write(`${basename(model)}: |f(Rx) - R f(x)| / |f(x)| at ${size}^3; largest over ${rightAngles} right angles${spec.architecture === 'group-unet' ? ' (of layers over the group)' : ''}, mean over ${rotations} other rotations\n${'layer'.padEnd(48)}${['trained 90°', 'other', 'untrained 90°', 'other'].map((head) => head.padStart(14)).join('')}\n${layers.map(row).join('')}`);
  } finally {
    await backend.dispose();
  }
}

type Errors = Pick<LayerEquivariance, 'rightAngles' | 'arbitrary'>;
const row = ({ layer, irreps, trained, untrained }: { layer: string; irreps: string; trained: Errors; untrained: Errors }): string =>
  `${layer.padEnd(48)}${[trained.rightAngles, trained.arbitrary, untrained.rightAngles, untrained.arbitrary].map((error) => (error?.toExponential(1) ?? '-').padStart(14)).join('')}  ${irreps}\n`;
