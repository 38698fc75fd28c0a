/** @file Electron's binary: where it is, or fetched where the network allows it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

const folder = join(root, 'node_modules', 'electron');
/** How long to find out whether the binary can be had at all, and how long the download may then take. */
const probeMs = 20_000;
const downloadMs = 240_000;

/** Path of the executable, or null where there is none and none can be fetched. */
export async function ensureElectron() {
  const present = findElectron();
  if (present) return present;
  if (!(await isReachable())) return null;
  console.log('Fetching Electron (about 110 MB) …');
  await run(process.execPath, [join(folder, 'install.js')], { timeout: downloadMs });
  return findElectron();
}

export function findElectron() {
  const pathFile = join(folder, 'path.txt');
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : override && 'electron';
  const file = name && join(override ?? join(folder, 'dist'), name);
  return file && existsSync(file) ? file : null;
}

async function isReachable() {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/electron/electron/releases/download/';
  try {
    const { ok } = await fetch(`${mirror}v${version}/SHASUMS256.txt`, { signal: AbortSignal.timeout(probeMs) });
    return ok;
  } catch {
    return false;
  }
}
