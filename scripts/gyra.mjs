/** @file `npm run -s gyra -- <command>`: the command line, built first where a source changed. Prints nothing of its own on stdout. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { SetupError, dependenciesMatchLock, endWith, requireNode, root } from './setup.mjs';

// What set-up says must not mix with a command's JSON.
const { log } = console;
console.log = console.error;
try {
  requireNode();
  if (!dependenciesMatchLock()) throw new SetupError('The dependencies are not installed.', 'Run `npm start` once, or `npm ci`, then run the same command again.');
  const { buildWhenStale } = await import('./build.mjs');
  await buildWhenStale();
} catch (error) {
  endWith(error);
}
console.log = log;
await import(pathToFileURL(join(root, 'dist', 'engine', 'cli.js')).href);
