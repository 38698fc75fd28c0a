/** @file The option `--backend` of the commands that compute. */
import { Option } from 'commander';
import { backendNames, chooseBackend, type BackendName, type BackendOptions, type ChosenBackend } from '../backends/choose';

export const backendOption = (): Option => new Option('--backend <name>', 'what computes; tensorflow where `npm run setup:tensorflow` or `setup:gpu` has built it').choices(backendNames).default('wasm');

/** Starts the backend asked for; says on stderr why it is another. */
export async function startChosenBackend(name: BackendName, options: BackendOptions): Promise<ChosenBackend> {
  const backend = await chooseBackend(name, options);
  if (backend.refusal) process.stderr.write(`${backend.refusal.message} Computing with wasm instead. ${backend.refusal.remedy}\n`);
  return backend;
}
