import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder';
import { tinyDataset, tinySpec } from '../support/tiny-dataset';

const cli = fileURLToPath(new URL('../../dist/engine/cli.js', import.meta.url));

/** `gyra ...` as a person types it; the process ends with the test. */
function gyra(args: string[], cwd: string) {
  const child = spawn(process.execPath, [cli, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (text: Buffer) => (printed[stream] += text.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...printed })));
  const said = async (text: string): Promise<void> => {
    while (!printed.stderr.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended before saying "${text}": ${printed.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, ended, said };
}
const files = (): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(tinyDataset()).map(([path, content]) => [`blobs/${path}`, content])),
  'spec.json': {
    ...tinySpec,
    sampling: { kind: 'patch', patchSize: 10, marginVoxels: 4 },
    augmentation: { rotationDegrees: 180, mirror: true, intensity: true },
    optimiser: { learningRate: 0.02, weightAverage: 0.9 },
    stopping: { stepsPerEpoch: 15, maximumSteps: 75, patienceEpochs: 10, monitor: 'validation-loss' },
  },
});
const weights = (folder: string, run: string) => readFileSync(join(folder, run, 'best.safetensors')).toString('base64');

it('ends with the same weights when it is killed and resumed, and when Ctrl-C stops it and it is resumed, with augmentation and weight average', async () => {
  const folder = temporaryFolder(files());
  const whole = await gyra(['train', 'spec.json', '--out', 'whole', '--json'], folder).ended;
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(whole.stdout)).toMatchObject({ status: 'done', steps: 75 });

  for (const [run, signal] of [['killed', 'SIGKILL'], ['interrupted', 'SIGINT']] as const) {
    const first = gyra(['train', 'spec.json', '--out', run], folder);
    await first.said('epoch 2');
    first.child.kill(signal);
    const end = await first.ended;
    if (signal === 'SIGINT') {
      expect(end.code).toBe(1);
      expect(end.stderr).toContain('cancelled');
      expect(end.stderr).not.toContain('    at ');
    }
    const resumed = await gyra(['train', 'spec.json', '--out', run, '--resume', '--json'], folder).ended;
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'done', steps: 75 });
    expect(weights(folder, run)).toBe(weights(folder, 'whole'));
  }
});

it('refuses to write a run that another process is writing, and takes it over once that one is gone', async () => {
  const folder = temporaryFolder(files());
  const first = gyra(['train', 'spec.json', '--out', 'run', '--set', 'stopping.maximumSteps=1000000', '--set', 'stopping.patienceEpochs=100000'], folder);
  await first.said('epoch 1');
  const second = await gyra(['train', 'spec.json', '--out', 'run', '--resume'], folder).ended;
  expect(second.code, second.stderr).toBe(2);
  expect(second.stderr).toContain('is writing the run in run.');
  expect(first.child.exitCode).toBe(null);
  first.child.kill('SIGINT');
  await first.ended;
  expect(existsSync(join(folder, 'run', 'run.lock'))).toBe(false);
  const other = await gyra(['train', 'spec.json', '--out', 'run', '--resume', '--set', 'optimiser.learningRate=0.01'], folder).ended;
  expect(other.code, other.stderr).toBe(2);
  expect(other.stderr).toContain('optimiser.learningRate was 0.02 and is now 0.01');
});

it('refuses a bad spec, a bad setting and a missing data set by name, with exit code 2 and nothing written', async () => {
  const folder = temporaryFolder(files());
  writeFileSync(join(folder, 'broken.json'), '{');
  for (const [args, message] of [
    [['broken.json'], 'broken.json is not valid JSON'],
    [['nothing-of-that-name'], 'neither a spec file nor a preset'],
    [['spec.json', '--set', 'model.irreps=8y0e'], 'model.irreps'],
    [['spec.json', '--set', 'optimiser.learningRte=1'], 'optimiser'],
    [['spec.json', '--set', 'data.dataset=elsewhere'], 'data set folder elsewhere was not found'],
  ] as const) {
    const { code, stderr } = await gyra(['train', ...args, '--out', 'run'], folder).ended;
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(message);
    expect(existsSync(join(folder, 'run'))).toBe(false);
  }
});
