/** @file Runs a command of the command line in this process and keeps what it prints. */
import { vi } from 'vitest';
import { runCommandLine, type Register } from '../../engine/host/command-line';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export async function runCommand(commands: readonly Register[], ...args: string[]): Promise<CommandResult> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text: string | Uint8Array) => {
      printed[stream] += String(text);
      return true;
    }),
  );
  try {
    return { code: await runCommandLine(args, commands), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
