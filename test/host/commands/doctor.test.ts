import { homedir, userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { register as doctor } from '../../../engine/host/commands/doctor';
import { runCommand } from '../../support/run-command';

// With or without TensorFlow on this machine.
it('says which backends work, in text to copy and as one JSON document, without paths or names', async () => {
  const json = await runCommand([doctor], 'doctor', '--json');
  const { machine, backends } = JSON.parse(json.stdout) as { machine: Record<string, unknown>; backends: { name: string; state: string; facts: Record<string, unknown>; problem?: string }[] };
  expect(machine).toMatchObject({ gyra: '0.1.0', node: process.version });
  expect(backends.map(({ name }) => name)).toEqual(['wasm', 'tensorflow']);
  expect(backends[0]).toMatchObject({ state: 'used', facts: { mode: 'threads' } });
  expect(backends[0]!.facts['convolutionMs']).toBeGreaterThan(0);
  if (backends[1]!.state === 'not installed') expect(backends[1]!.problem).toContain('npm run setup:tensorflow');
  else expect(backends[1]!.state).toBe('available');
  const text = await runCommand([doctor], 'doctor');
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/^Gyra .*\n.*cores.*\nwasm: used\n/);
  for (const { stdout } of [json, text]) {
    expect(stdout).not.toContain(process.cwd());
    expect(stdout).not.toContain(homedir());
    // "root" is part of ordinary words
    if (userInfo().username.length > 4) expect(stdout).not.toContain(userInfo().username);
  }
});
