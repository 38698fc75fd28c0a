/** @file Entry of the command line: every command, and the arguments of this process. */
import { runCommandLine } from './command-line';
import { register as info } from './commands/info';

process.exitCode = await runCommandLine(process.argv.slice(2), [info]);
