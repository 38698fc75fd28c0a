/** @file Entry of the command line: every command, and the arguments of this process. */
import { runCommandLine } from './command-line';
import { register as bench } from './commands/bench';
import { register as cost } from './commands/cost';
import { register as doctor } from './commands/doctor';
import { register as equivariance } from './commands/equivariance';
import { register as evaluate } from './commands/evaluate';
import { register as exportModel } from './commands/export';
import { register as importModel } from './commands/import';
import { register as info } from './commands/info';
import { register as phantom } from './commands/phantom';
import { register as predict } from './commands/predict';
import { register as report } from './commands/report';
import { register as study } from './commands/study';
import { register as train } from './commands/train';
import { register as verify } from './commands/verify';

process.exitCode = await runCommandLine(process.argv.slice(2), [info, phantom, cost, train, predict, evaluate, study, report, verify, equivariance, importModel, exportModel, bench, doctor]);
