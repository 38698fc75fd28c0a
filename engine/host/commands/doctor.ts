/** @file `gyra doctor`: which backends work here, checked and timed; text to copy into a report, without paths or names. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { Command } from 'commander';
import packageJson from '../../../package.json';
import { startBackend, tensorflowFolder, type BackendName } from '../../backends/choose';
import { runExamples } from '../../backends/run-examples';
import { readInstallation } from '../../backends/tensorflow/addon';
import { selfCheckTolerance, startTensorflow } from '../../backends/tensorflow/start';
import { problemFrom } from '../../contract/problem';
import { timeConvolution } from '../time-convolution';

interface BackendReport {
  readonly name: BackendName;
  /** `used` unless asked otherwise, `available` with --backend, or why it is neither. */
  readonly state: 'used' | 'available' | 'not installed' | 'refused';
  readonly facts: Readonly<Record<string, string | number>>;
  /** What happened and what to do, where it cannot be used. */
  readonly problem?: string;
}

export function register(program: Command): void {
  program.command('doctor').description('which backends work here: versions, device, self-check, speed; text to copy into a report').option('--json', 'print one JSON document').action(run);
}

async function run({ json }: { json?: boolean }): Promise<void> {
  const machine = { gyra: packageJson.version, node: process.version, system: `${platform()} ${release()}, ${arch()}`, processor: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), memoryGiB: Math.round(totalmem() / 2 ** 30) };
  const wasm = await startBackend();
  const expected = runExamples();
  const first: BackendReport = { name: 'wasm', state: 'used', facts: { threads: wasm.threads, mode: wasm.mode, simd: `${wasm.kernelVariant}, ${wasm.wide ? 'eight' : 'four'} lanes`, convolutionMs: timeConvolution() } };
  const { threads } = wasm;
  await wasm.dispose();
  const backends = [first, await tensorflowReport(threads, expected)];
  if (json) process.stdout.write(`${JSON.stringify({ machine, backends })}\n`);
  else process.stdout.write([`Gyra ${machine.gyra}, Node ${machine.node}`, `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}`, ...backends.flatMap(printed), ''].join('\n'));
}

async function tensorflowReport(threads: number, expected: ReturnType<typeof runExamples>): Promise<BackendReport> {
  const name = 'tensorflow';
  const installation = readInstallation(tensorflowFolder);
  try {
    const { version, device, selfCheck, dispose } = await startTensorflow(tensorflowFolder, { threads }, expected);
    const facts = { library: version, package: `${installation?.package} ${installation?.packageVersion}`, device, threads, selfCheck: `largest error ${selfCheck.error.toExponential(1)} (${selfCheck.operator}), limit ${selfCheckTolerance}`, convolutionMs: timeConvolution() };
    dispose();
    return { name, state: 'available', facts };
  } catch (error) {
    const { message, remedy } = problemFrom(error);
    return { name, state: installation ? 'refused' : 'not installed', facts: {}, problem: `${message} ${remedy}` };
  }
}

function printed({ name, state, facts, problem }: BackendReport): string[] {
  const lines = Object.entries(facts).map(([key, value]) => (key === 'convolutionMs' ? `  steerable convolution 4x0e+2x1e+1x2e, 5^3, 24^3 voxels: ${value} ms` : `  ${key}: ${value}`));
  return [`${name}: ${state}`, ...lines, ...(problem ? [`  ${problem}`] : [])];
}
