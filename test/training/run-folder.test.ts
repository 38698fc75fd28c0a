import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RunFolder } from '../../engine/training/run-folder';
import { temporaryFolder } from '../support/temporary-folder';

it('loses what a killed process had half-written when it is opened again, and nothing else', async () => {
  const kept = { 'best.safetensors': 'weights', 'notes.part': 'of the user', 'run.json.bak': 'of the user' };
  const folder = temporaryFolder({ ...kept, 'best.safetensors.0d9f.part': 'wei', 'run.json.77aa.part': '{' });
  const unlock = await new RunFolder(folder).open({ resume: true });
  await unlock();
  expect(readdirSync(folder).sort()).toEqual(Object.keys(kept).sort());
});
