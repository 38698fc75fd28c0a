import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildStandIn } from '../support/electron-stand-in/build';
import { root, standInEnvironment } from '../support/workbench';

const folder = mkdtempSync(join(tmpdir(), 'gyra-smoke-'));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5, retryDelay: 200 }));

/** `npm start -- --smoke`; resolves to its exit code and the last line it printed. */
function smoke(env: NodeJS.ProcessEnv): Promise<{ code: number; lastLine: string; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'scripts', 'start.mjs'), '--smoke'], { cwd: root, env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, lastLine: stdout.trim().split('\n').at(-1)!, said: stdout + stderr }),
    );
  });
}

describe('npm start -- --smoke', () => {
  it.each(['browser', 'electron'] as const)('draws a turned segmentation of the two models it opens with, in under a minute: %s', async (shell) => {
    const executable = await buildStandIn(folder);
    writeFileSync(join(folder, 'electron'), `#!/bin/sh\nexec "${process.execPath}" "${executable}" "$@"\n`);
    chmodSync(join(folder, 'electron'), 0o755);
    const begunMs = performance.now();
    const { code, lastLine, said } = await smoke(shell === 'browser' ? {} : { ...standInEnvironment(), ELECTRON_OVERRIDE_DIST_PATH: folder, DISPLAY: ':99' });
    expect([code, said]).toEqual([0, expect.stringContaining('"ready":true')]);
    const result = JSON.parse(lastLine) as { ready: boolean; seconds: number; setupSeconds: number; shell: string; case: string; models: string[] };
    expect(result).toMatchObject({ ready: true, shell, case: expect.stringMatching(/^hippocampus_\d{3}$/) });
    expect([...result.models].sort()).toEqual(['hippocampus-ordinary', 'hippocampus-steerable']);
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.seconds).toBeLessThan(60);
    // set-up ends where drawing begins; both are rounded to tenths
    expect(result.setupSeconds + result.seconds).toBeLessThanOrEqual((performance.now() - begunMs) / 1000 + 0.1);
  });

  it('says why, and exits 1, where the page draws nothing', async () => {
    // A browser that shows an empty page and ends.
    writeFileSync(join(folder, 'chromium'), '#!/bin/sh\nexit 3\n');
    chmodSync(join(folder, 'chromium'), 0o755);
    const { code, said } = await smoke({ PATH: `${folder}:/usr/bin:/bin` });
    expect(code).toBe(1);
    expect(said).toContain('did not draw a turned segmentation');
    expect(said).not.toContain('"ready":true');
    expect(said).not.toContain('    at ');
  });
});
