import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dependenciesMatchLock, requireNode } from '../../scripts/setup.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gyra-setup-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('set-up', () => {
  it('takes Node 20.19 and newer and names the remedy for older ones', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.1.0']) expect(() => requireNode(version)).not.toThrow();
    for (const version of ['20.18.3', '18.20.0', '16.0.0']) expect(() => requireNode(version)).toThrow(new RegExp(`needs Node 20.19 or newer; this is Node ${version}.\\n.*nodejs.org`));
  });

  it('installs unless every package of the lock file is there in its version', () => {
    const lock = { packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/other-system': { version: '1.0.0', optional: true } } };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    expect(dependenciesMatchLock(folder)).toBe(false);
    mkdirSync(join(folder, 'node_modules'));
    // What an interrupted install leaves: packages, but not npm's list of them.
    mkdirSync(join(folder, 'node_modules', 'a'));
    expect(dependenciesMatchLock(folder)).toBe(false);
    const installed = (version: string) => writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: { 'node_modules/a': { version } } }));
    installed('0.9.0');
    expect(dependenciesMatchLock(folder)).toBe(false);
    installed('1.0.0');
    expect(dependenciesMatchLock(folder)).toBe(true);
  });
});
