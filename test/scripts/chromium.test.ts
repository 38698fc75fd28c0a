import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = pathToFileURL(resolve(import.meta.dirname, '..', '..', 'scripts', 'chromium.mjs')).href;
const canInstall = process.platform === 'linux' && process.getuid?.() === 0;
if (!canInstall) console.log('skipped: installing Chromium through apt-get, which only root on Linux does');

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'gyra-chromium-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function executable(name: string, lines: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}
/** What ensureChromium resolves to where only `folder` is on the path; standard input and output are no terminal. */
const ensureChromium = (): string => execFileSync(process.execPath, ['--input-type=module', '-e', `const { ensureChromium } = await import('${script}'); console.log('found', await ensureChromium());`], { env: { PATH: folder }, encoding: 'utf8' });

describe('chromium', () => {
  it('is taken from the path, by any of its names', () => {
    executable('google-chrome', 'exit 0');
    expect(ensureChromium()).toBe(`found ${join(folder, 'google-chrome')}\n`);
  });

  it.skipIf(!canInstall)('is installed through apt-get where nobody can be asked, and that is said', () => {
    executable('apt-get', `echo "$@" >> ${folder}/asked; case "$*" in *install*) echo > ${folder}/chromium;; esac`);
    const said = ensureChromium();
    expect(said).toContain('installing it with apt-get');
    expect(said).toContain(`found ${join(folder, 'chromium')}\n`);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('update -q\ninstall -y -q --no-install-recommends chromium\n');
  });

  it.skipIf(!canInstall)('is null where apt-get fails', () => {
    executable('apt-get', 'exit 100');
    expect(ensureChromium()).toMatch(/found null\n$/);
  });
});
