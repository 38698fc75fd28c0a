/** @file Chromium for the app window and the application tests: found on the machine, or installed through the system's packages. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { run } from './setup.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable', 'brave-browser'];

const usualPlaces = {
  darwin: ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].map((file) => join(process.env[variable] ?? 'C:\\', file))),
};

/** Path of a Chromium-based browser, or null. */
export function findChromium() {
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(process.platform === 'win32' ? [] : onPath), ...(usualPlaces[process.platform] ?? [])].find(existsSync) ?? null;
}

/** The same, installing Debian's `chromium` where that is possible and, on a terminal, wanted. */
export async function ensureChromium() {
  const found = findChromium();
  const canInstall = process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get');
  if (found || !canInstall) return found;
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const reply = await terminal.question('Gyra opens its window in Chromium, which is not installed. Install it with apt-get? [Y/n] ');
    terminal.close();
    if (/^n/i.test(reply.trim())) return null;
  } else {
    console.log('Chromium is not installed: installing it with apt-get, as nobody can be asked here.');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  // A fresh container has no package lists; an old list names versions that are gone.
  await run('apt-get', ['update', '-q'], quiet);
  const code = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], quiet);
  if (code !== 0) console.error(`apt-get could not install chromium (exit code ${code}).`);
  return findChromium();
}

/** What every start of Chromium here gets: no first-run page, no calls to the network of its own. */
export const quietFlags = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  // Lets WebGL fall back to software where there is no graphics card; only our own pages are opened.
  '--enable-unsafe-swiftshader',
  // Chromium's sandbox refuses to run as root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Without a screen there is no graphics card to ask. */
export const headlessFlags = [...quietFlags, '--use-angle=swiftshader'];

export const chromiumRemedy = 'Install Chromium, Chrome or Edge (Debian and Ubuntu: sudo apt-get install chromium), then run the same command again.';
