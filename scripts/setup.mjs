/** @file Set-up from a fresh clone, with nothing but Node: the right Node, the dependencies of the lock file, an up-to-date build. Running it again continues where it stopped. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A step that failed: what happened and what the person can do. Printed without a stack. */
export class SetupError extends Error {
  constructor(message, remedy) {
    super(`${message}\n${remedy}`);
    this.name = 'SetupError';
  }
}

/** Node, dependencies and build in place, or a SetupError. */
export async function setUp() {
  requireNode();
  await installDependencies();
  const { buildWhenStale } = await import('./build.mjs');
  await buildWhenStale();
}

/** Prints what stopped the program and ends it with exit code 1. */
export function endWith(error) {
  const unexpected = 'This is a fault in Gyra. Run the same command again; if it happens again, report the message above.';
  console.error(error instanceof SetupError ? `\n${error.message}` : `\n${error?.message ?? error}\n${unexpected}`);
  process.exit(1);
}

const minimumNode = [20, 19];

export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major < minimumNode[0] || (major === minimumNode[0] && minor < minimumNode[1])) {
    throw new SetupError(`Gyra needs Node ${minimumNode.join('.')} or newer; this is Node ${version}.`, 'Install a current Node from https://nodejs.org, then run the same command again.');
  }
}

export async function installDependencies() {
  if (dependenciesMatchLock()) return;
  console.log('Installing dependencies from package-lock.json …');
  const code = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0 || !dependenciesMatchLock()) {
    throw new SetupError(`npm ci failed${code ? ` (exit code ${code})` : ''}; its own message is above.`, 'Check the connection to the npm registry and the free disk space, then run the same command again.');
  }
}

/** Runs npm; resolves to its exit code. */
export function npm(args, options = {}) {
  // `npm start` tells where its npm is; by hand it is found on the path.
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? run(process.execPath, [script, ...args], options) : run('npm', args, { shell: process.platform === 'win32', ...options });
}

/** Whether node_modules holds what the lock file asks for: npm writes its own list last, so an interrupted install does not count. */
export function dependenciesMatchLock(folder = root) {
  const installedList = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const { packages: wanted } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const { packages: installed } = JSON.parse(readFileSync(installedList, 'utf8'));
  return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version);
}

/** Runs a program in the repository with its output shown; resolves to its exit code, 1 where it could not be started. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
