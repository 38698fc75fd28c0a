import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/chromium.mjs';
import { buildStandIn } from '../support/electron-stand-in/build';
import { descendantRunning, root, standInEnvironment } from '../support/workbench';

const folder = mkdtempSync(join(tmpdir(), 'gyra-start-'));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5, retryDelay: 200 }));

interface Running {
  child: ChildProcess;
  /** What it printed so far. */
  said(): string;
  exit: Promise<number | null>;
}

/** `npm start` as a person types it, without npm in between so that signals and exit codes are its own. */
function start(args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), ...args], { cwd: root, env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said, exit: new Promise((resolve) => child.on('exit', resolve)) };
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const waitFor = (condition: () => unknown): Promise<void> => expect.poll(condition, { timeout: 90_000 }).toBeTruthy();

/** An executable that runs the given lines of shell. */
function script(name: string, lines: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A screen that is said to be there, our folder first on the path, a home of its own, and no way to Electron. */
const withScreen = { PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: folder, DISPLAY: ':99', ELECTRON_MIRROR: 'http://127.0.0.1:9/' };

describe('npm start', () => {
  it('prints an address with --no-window, and Ctrl-C ends server and engine', async () => {
    const { child, said, exit } = start(['--no-window', '--port', '0']);
    await waitFor(() => /http:\/\/127\.0\.0\.1:\d+\/\?token=/.test(said()));
    const address = /http:\S+/.exec(said())![0];
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(303);
    const engine = descendantRunning('engine-process.js', child.pid!)!;
    expect(isRunning(engine)).toBe(true);
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    await waitFor(() => !isRunning(engine));
    await expect(fetch(address)).rejects.toThrow();
  });

  it('says that a port is in use and what to do, and exits 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { said, exit } = start(['--no-window', '--port', String(port)]);
    expect(await exit).toBe(1);
    expect(said().trim()).toMatch(new RegExp(`Port ${port} is in use by another program.\\nChoose another with --port, or leave --port out to take a free one.$`));
    other.close();
  });

  it('refuses options it does not know and ports that are none', async () => {
    for (const [args, message] of [[['--prot', '1'], "'--prot'"], [['--port', '70000'], '70000'], [['--port', 'x'], 'not a port']] as const) {
      const { said, exit } = start([...args]);
      expect(await exit).toBe(1);
      expect(said()).toContain(message);
      expect(said()).toContain('Usage: npm start');
      expect(said()).not.toContain('    at ');
    }
  });

  it('opens the app window of a browser, and ends everything when it is closed', async () => {
    // A browser on the path that shows its window on no screen.
    script('chromium', `exec "${findChromium()}" --headless=new --use-angle=swiftshader "$@"`);
    const { child, exit } = start([], withScreen);
    await waitFor(() => descendantRunning('--app=http://127.0.0.1', child.pid!));
    const window = descendantRunning('--app=http://127.0.0.1', child.pid!)!;
    const engine = descendantRunning('engine-process.js', child.pid!)!;
    // Longer than a window that failed to open.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    process.kill(window);
    expect(await exit).toBe(0);
    await waitFor(() => !isRunning(engine));
  });

  it('keeps serving and prints the address where the browser ends at once', async () => {
    script('chromium', 'exit 0');
    const { child, said, exit } = start([], withScreen);
    await waitFor(() => said().includes('No window was opened: the browser ended at once.'));
    expect((await fetch(/http:\S+/.exec(said())![0], { redirect: 'manual' })).status).toBe(303);
    child.kill('SIGINT');
    expect(await exit).toBe(0);
  });

  it('opens Electron where its binary is, and a browser where Electron cannot open its window', async () => {
    const executable = await buildStandIn(folder);
    script('electron', `exec "${process.execPath}" "${executable}" "$@"`);
    const works = start([], { ...standInEnvironment(), ELECTRON_OVERRIDE_DIST_PATH: folder, DISPLAY: ':99' });
    await waitFor(() => works.said().includes('DevTools listening') && descendantRunning('engine-process.js', works.child.pid!));
    const engine = descendantRunning('engine-process.js', works.child.pid!)!;
    works.child.kill('SIGTERM');
    expect(await works.exit).toBe(0);
    await waitFor(() => !isRunning(engine));

    script('electron', 'echo "a library is missing" >&2; exit 127');
    script('chromium', `exec "${findChromium()}" --headless=new --use-angle=swiftshader "$@"`);
    const declined = start([], { ...withScreen, ELECTRON_OVERRIDE_DIST_PATH: folder });
    await waitFor(() => descendantRunning('--app=http://127.0.0.1', declined.child.pid!));
    expect(declined.said()).toContain('opening the workbench in a browser instead');
    declined.child.kill('SIGTERM');
    expect(await declined.exit).toBe(0);
  });
});
