/** @file The whole program, opened as a person opens it, in each shell that this machine has. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron, chromium, type Page } from 'playwright-core';
import { startLoopback } from '../../electron/loopback/server';
import { findChromium, headlessFlags } from '../../scripts/chromium.mjs';
import { findElectron } from '../../scripts/electron-binary.mjs';
import { buildStandIn } from './electron-stand-in/build';

export const root = resolve(import.meta.dirname, '..', '..');

/** Everything is drawn in software here, beside two networks at work. */
const patienceMs = 120_000;

export interface Workbench {
  readonly page: Page;
  /** Process id of the engine that runs now. */
  enginePid(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Shell {
  readonly name: string;
  readonly kind: 'electron' | 'browser';
  /** @param assetsFolder instead of what ships */
  open(assetsFolder?: string): Promise<Workbench>;
}

const loopback: Shell = {
  name: 'loopback server in Chromium',
  kind: 'browser',
  async open(assetsFolder = join(root, 'assets')) {
    const server = await startLoopback({ rendererFolder: join(root, 'dist', 'renderer'), engineFile: join(root, 'dist', 'engine', 'engine-process.js'), assetsFolder, port: 0 });
    const browser = await chromium.launch({ executablePath: findChromium()!, args: [...headlessFlags] });
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    page.setDefaultTimeout(patienceMs);
    await page.goto(server.url);
    return {
      page,
      enginePid: async () => server.enginePid,
      async close() {
        await browser.close();
        await server.close();
      },
    };
  },
};

const standIn: Shell = {
  name: 'Electron stand-in',
  kind: 'electron',
  async open(assetsFolder) {
    const folder = mkdtempSync(join(tmpdir(), 'gyra-stand-in-'));
    const executable = await buildStandIn(folder);
    const child = spawn(process.execPath, [executable, assetsFolder ? programWith(assetsFolder, folder) : root], { env: standInEnvironment(), stdio: ['ignore', 'inherit', 'pipe'] });
    const browser = await chromium.connectOverCDP(await debuggingAddress(child));
    const [context] = browser.contexts();
    const page = context.pages()[0] ?? (await context.waitForEvent('page'));
    page.setDefaultTimeout(patienceMs);
    return {
      page,
      enginePid: async () => descendantRunning('engine-process.js', child.pid!),
      async close() {
        const ended = new Promise((resolve) => child.on('exit', resolve));
        child.kill();
        await ended;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

const electron: Shell = {
  name: 'Electron',
  kind: 'electron',
  async open(assetsFolder) {
    const folder = mkdtempSync(join(tmpdir(), 'gyra-program-'));
    const app = await _electron.launch({ executablePath: findElectron()!, args: [assetsFolder ? programWith(assetsFolder, folder) : root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])] });
    const page = await app.firstWindow();
    page.setDefaultTimeout(patienceMs);
    return {
      page,
      enginePid: () => app.evaluate(({ app }) => app.getAppMetrics().find(({ serviceName, name }) => [serviceName, name].includes('Gyra engine'))?.pid),
      async close() {
        await app.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** The program in a folder of its own with other assets, as Electron looks for them beside it. */
function programWith(assetsFolder: string, folder: string): string {
  for (const [name, target] of [['dist', join(root, 'dist')], ['package.json', join(root, 'package.json')], ['assets', assetsFolder]]) symlinkSync(target, join(folder, name), name === 'package.json' ? 'file' : 'junction');
  return folder;
}

const hasScreen = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
const hasElectron = findElectron() !== null && hasScreen;
if (!hasElectron) console.log(`skipped: the specs of the shell on a real Electron, as there is no ${hasScreen ? 'Electron binary' : 'screen'} here`);
export const shells: readonly Shell[] = [loopback, standIn, ...(hasElectron ? [electron] : [])];

export const standInEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  // The bundled stand-in lies outside the repository and finds playwright-core through this.
  NODE_PATH: join(root, 'node_modules'),
  STAND_IN_CHROMIUM: JSON.stringify({ executablePath: findChromium(), args: headlessFlags }),
});

function debuggingAddress(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    child.on('exit', () => reject(new Error(`The Electron stand-in ended: ${said}`)));
  });
}

/** Process id of a process that `ancestor` started, itself or through others, whose command line holds `name`. */
export function descendantRunning(name: string, ancestor: number): number | undefined {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const processes = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null).map(([, pid, parent, command]) => ({ pid: Number(pid), parent: Number(parent), command }));
  const isDescendant = (pid: number): boolean => {
    const parent = processes.find((process) => process.pid === pid)?.parent;
    return parent !== undefined && (parent === ancestor || isDescendant(parent));
  };
  return processes.find(({ pid, command }) => command.includes(name) && isDescendant(pid))?.pid;
}

/** Of every thread of a process, on Linux: the system's own are 0, those of lower priority above. */
export function nicenessOfThreads(pid: number): number[] {
  const stats = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/stat`);
  return stats.filter(existsSync).map((stat) => Number(readFileSync(stat, 'utf8').split(') ')[1].split(' ')[16]));
}
