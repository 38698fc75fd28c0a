import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainingSpec } from '../../../engine/contract/training-spec';
import { register as verify } from '../../../engine/host/commands/verify';
import { fakeRecord } from '../../support/fake-study';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinySpec } from '../../support/tiny-dataset';

it.each([
  ['of the record', [], 'blobs'],
  ['that is given', ['--dataset', 'nowhere'], 'nowhere'],
])('gyra verify without the data set %s asks for it with an option it has', async (_which, args, name) => {
  const folder = temporaryFolder({ 'run/run.json': fakeRecord(trainingSpec.parse(tinySpec)) });
  expect(await runCommand([verify], 'verify', join(folder, 'run'), ...args)).toEqual({ code: 2, stdout: '', stderr: `gyra: The data set folder ${name} was not found.\nGive it with --dataset FOLDER.\n` });
});
