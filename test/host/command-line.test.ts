import { describe, expect, it } from 'vitest';
import { GyraError } from '../../engine/contract/problem';
import { parseCount, parseDegrees, listOf, oneOf } from '../../engine/host/option-parsers';
import type { Register } from '../../engine/host/command-line';
import { runCommand } from '../support/run-command';

const echo: Register = (program) =>
  void program
    .command('echo')
    .argument('<word>')
    .option('--times <count>', 'how often', parseCount, 1)
    .option('--degrees <list>', 'angles', listOf(parseDegrees), [])
    .option('--colour <word>', 'colour', oneOf(['red', 'blue']))
    .action((word: string, options: object) => void process.stdout.write(JSON.stringify({ word, ...options })));
const failing = (thrown: unknown): Register => (program) =>
  void program.command('fail').action(() => {
    throw thrown;
  });

describe('runCommandLine', () => {
  it('runs a command with its parsed options', async () => {
    expect(await runCommand([echo], 'echo', 'a', '--times', '3', '--degrees', '-30, 0,90', '--colour', 'red')).toEqual({ code: 0, stdout: '{"word":"a","times":3,"degrees":[-30,0,90],"colour":"red"}', stderr: '' });
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['sing']],
    ['a missing argument', ['echo']],
    ['one argument too many', ['echo', 'a', 'b']],
    ['an unknown option', ['echo', 'a', '--loud']],
    ['a count that is none', ['echo', 'a', '--times', '1.5']],
    ['an angle that is none', ['echo', 'a', '--degrees', '30,,90']],
    ['a word that is not allowed', ['echo', 'a', '--colour', 'green']],
  ])('ends with 2 and says how to go on: %s', async (_what, args) => {
    const { code, stdout, stderr } = await runCommand([echo], ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/--help|Usage/);
  });

  it('prints help and version with 0', async () => {
    expect((await runCommand([echo], '--help')).code).toBe(0);
    expect(await runCommand([echo], '--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('ends with 2 for bad input and 1 for a failure, with message and remedy and no stack', async () => {
    expect(await runCommand([failing(new GyraError('not-found', 'a.nii was not found.', 'Check the spelling.'))], 'fail')).toEqual({ code: 2, stdout: '', stderr: 'gyra: a.nii was not found.\nCheck the spelling.\n' });
    const { code, stderr } = await runCommand([failing(new Error('no file /home/anna/scans/x.nii'))], 'fail');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gyra: no file x.nii\nThis is a fault in Gyra.*\n$/);
  });
});
