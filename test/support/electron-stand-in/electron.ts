/** @file The part of Electron's main-process module that Gyra uses; asking for anything else fails by name. */
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { chromium } from 'playwright-core';
import { createBrowserWindow, type Shared } from './browser-window';

export interface ChromiumLaunch {
  executablePath: string;
  args: readonly string[];
}

/** The `electron` module for an app in `appFolder`, with windows in the given Chromium. Its debugging address is printed as Electron prints it. */
export function createElectron(appFolder: string, { executablePath, args }: ChromiumLaunch): object {
  const profile = mkdtempSync(join(tmpdir(), 'gyra-stand-in-'));
  const switches: string[] = [];
  let context: BrowserContext | undefined;
  let whenReady: Promise<void> | undefined;
  const children = new Set<{ kill(): void }>();
  let isQuitting = false;
  const shared: Shared = { context: () => context!, isQuitting: () => isQuitting, app: new EventEmitter(), handlers: new Map(), schemes: new Map() };

  async function start(): Promise<void> {
    // Signals are the app's to handle: Playwright would end the process before the app's own `will-quit`.
    const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
    context = await chromium.launchPersistentContext(profile, { executablePath, args: [...args, ...switches, '--remote-debugging-port=0'], viewport: { width: 1280, height: 720 }, ...signals });
    const [port, path] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
    process.stderr.write(`DevTools listening on ws://127.0.0.1:${port}${path}\n`);
  }
  async function quit(): Promise<void> {
    if (isQuitting) return;
    isQuitting = true;
    shared.app.emit('before-quit');
    // A page in the middle of loading can keep Chromium from closing; it ends with this process.
    await Promise.race([context?.close(), new Promise((resolve) => setTimeout(resolve, 5000))]);
    shared.app.emit('will-quit');
    for (const child of children) child.kill();
    rmSync(profile, { recursive: true, force: true });
    process.exit();
  }
  process.on('SIGTERM', () => void quit());
  process.on('SIGINT', () => void quit());

  const app = Object.assign(shared.app, {
    isPackaged: false,
    commandLine: { appendSwitch: (name: string) => void switches.push(`--${name}`) },
    enableSandbox: () => undefined,
    getAppPath: () => appFolder,
    requestSingleInstanceLock: () => true,
    whenReady: () => (whenReady ??= start()),
    quit: () => void quit(),
    exit: (code: number) => process.exit(code),
  });

  const modules = {
    app,
    BrowserWindow: createBrowserWindow(shared),
    ipcMain: {
      handle(channel: string, handler: (...args: unknown[]) => unknown) {
        if (shared.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
        shared.handlers.set(channel, handler);
      },
    },
    Menu: { buildFromTemplate: (template: unknown) => template, setApplicationMenu: () => undefined },
    protocol: { registerSchemesAsPrivileged: () => undefined, handle: (scheme: string, handler: (request: Request) => Promise<Response>) => void shared.schemes.set(scheme, handler) },
    session: {
      defaultSession: {
        // Chromium's headless mode denies permissions by itself; the handlers cannot be tried here.
        setPermissionRequestHandler: () => undefined,
        setPermissionCheckHandler: () => undefined,
        setDevicePermissionHandler: () => undefined,
      },
    },
    utilityProcess: {
      fork(file: string, args: string[]) {
        const child = fork(file, args, { serialization: 'advanced', execArgv: ['--require', join(__dirname, 'parent-port.cjs')] });
        children.add(child);
        child.on('exit', () => children.delete(child));
        return Object.assign(child, { postMessage: (message: object) => void (child.connected && child.send(message, () => undefined)) });
      },
    },
  };
  return new Proxy(modules, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      if (typeof name === 'symbol' || name === '__esModule') return undefined;
      throw new Error(`The Electron stand-in has no ${name}.`);
    },
  });
}
