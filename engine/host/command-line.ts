/** @file The command line `gyra <command>`: usage, messages and exit codes. Results go to stdout, everything else to stderr. */
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json';
import { problemFrom, type ProblemCode } from '../contract/problem';

export const exitCodes = { done: 0, failure: 1, badUsageOrInput: 2 } as const;

/** Adds one command to the program. */
export type Register = (program: Command) => void;

/** Runs one command and gives its exit code; never throws. */
export async function runCommandLine(args: readonly string[], commands: readonly Register[]): Promise<number> {
  const program = new Command('gyra')
    .description('Trains, evaluates and runs segmentation networks under rotation. Not a medical device.')
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`gyra: ${text.replace(/^error: /, '')}`) })
    .showHelpAfterError('Run gyra --help, or gyra <command> --help, for what can be given.');
  for (const register of commands) register(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (thrown) {
    // Commander has printed its own message.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.badUsageOrInput;
    const { code, message, remedy } = problemFrom(thrown);
    process.stderr.write(`gyra: ${message}\n${remedy}\n`);
    return inputCodes.includes(code) ? exitCodes.badUsageOrInput : exitCodes.failure;
  }
}

const inputCodes: readonly ProblemCode[] = ['bad-input', 'not-found'];
