/** @file The Node that Electron 45 contains, from the npm registry, in an ignored folder: the engine's tests run under it as well. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

const version = '24.21.0';
const folder = join(root, '.gyra', 'node-24');

/** Its path, fetched at the first call; null where the registry has none for this system or cannot be reached. */
export async function node24() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  const npm = process.env.npm_execpath;
  const options = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`];
  if (npm?.endsWith('.js')) await run(process.execPath, [npm, ...options]);
  else await run('npm', options, { shell: process.platform === 'win32' });
  return existsSync(binary) ? binary : null;
}
