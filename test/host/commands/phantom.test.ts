import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { register } from '../../../engine/host/commands/phantom';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';

it('gyra phantom makes what its options say', async () => {
  const output = join(temporaryFolder(), 'heads');
  const { code, stdout } = await runCommand([register], 'phantom', 'brain', '-o', output, '--cases', '3', '--size', '16', '--seed', '7', '--noise', '0.1', '--noise-kind', 'gaussian', '--bias', '0', '--contrast', '0', '--pose', 'random', '--spacing', '12,12,11', '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 0, dataset: 'heads', kind: 'brain', cases: 3, seed: 7, contrasts: ['T1'],
    settings: { size: [16, 16, 16], spacingMm: [12, 12, 11], noise: { kind: 'gaussian', deviation: 0.1 }, biasField: 0, contrastVariation: 0, pose: 'random' },
  });
  expect(existsSync(join(output, 'split.json'))).toBe(true);
});
it.each([
  ['another kind', ['heart'], 'heart'],
  ['a size of two numbers', ['brain', '--size', '32,32'], "The phantoms' size"],
  ['a noise that is no number', ['brain', '--noise', 'much'], "The phantoms' noise.deviation"],
  ['a seed below 0', ['brain', '--seed', '-1'], 'The seed is no whole number from 0'],
  ['too few cases', ['brain', '--cases', '2'], 'cannot be split'],
])('refuses %s with 2', async (_what, args, message) => {
  const output = join(temporaryFolder(), 'heads');
  const { code, stderr } = await runCommand([register], 'phantom', ...args, '-o', output);
  expect({ code, made: existsSync(output) }).toEqual({ code: 2, made: false });
  expect(stderr).toContain(message);
});
