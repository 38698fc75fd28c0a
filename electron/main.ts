/** @file Electron's main process: one window, one engine, one bridge between them. No science here. */
import { join } from 'node:path';
import { app, BrowserWindow } from 'electron';
import { isWorkbench, registerAppScheme, serveAppScheme, workbenchUrl } from './app-scheme';
import { setApplicationMenu } from './application-menu';
import { eventChannel } from './bridge/channels';
import { serveBridge } from './bridge/serve-bridge';
import { superviseEngine } from './engine-supervisor';
import { lockDown } from './lock-down';
import { forkUtilityEngine } from './utility-engine';

const program = app.getAppPath();
// Threads need real files: what they load is kept beside the archive, not in it.
const engineFile = join(program.replace(/app\.asar$/, 'app.asar.unpacked'), 'dist', 'engine', 'engine-process.js');
const assetsFolder = app.isPackaged ? join(process.resourcesPath, 'assets') : join(program, 'assets');
const isSmoke = process.argv.includes('--smoke');

if (app.requestSingleInstanceLock()) {
  registerAppScheme();
  app.enableSandbox();
  // Machines without a graphics card draw in software; Chromium allows that only when told.
  app.commandLine.appendSwitch('enable-unsafe-swiftshader');
  let isQuitting = false;
  app.on('before-quit', () => (isQuitting = true));
  void app.whenReady().then(open).catch((error: Error) => {
    // Closing the window while it loads is no failure.
    if (isQuitting) return;
    console.error(error.message);
    app.exit(1);
  });
  app.on('window-all-closed', () => app.quit());
} else {
  app.quit();
}

async function open(): Promise<void> {
  lockDown();
  setApplicationMenu();
  serveAppScheme(join(program, 'dist', 'renderer'));
  const window = new BrowserWindow({
    width: 1600,
    height: 1000,
    minWidth: 1024,
    minHeight: 640,
    backgroundColor: '#101214',
    webPreferences: { preload: join(program, 'dist', 'electron', 'preload.cjs'), contextIsolation: true, sandbox: true, nodeIntegration: false },
  });
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  const engine = superviseEngine(
    () => forkUtilityEngine(engineFile, assetsFolder),
    (event) => !window.isDestroyed() && window.webContents.send(eventChannel, event),
  );
  app.on('will-quit', () => engine.stop());
  serveBridge(isWorkbench, engine.call);
  await window.loadURL(workbenchUrl);
  if (isSmoke) await reportFirstSegmentation(window);
}

/** The case turns by itself on arrival; on a machine too slow to segment it meanwhile, a key turns it and leaves it turned. */
const nudgeAfterMs = 8000;

/** For `npm start -- --smoke`: prints what the page says once it has drawn a turned segmentation, and ends. The caller limits the time. */
async function reportFirstSegmentation({ webContents }: BrowserWindow): Promise<void> {
  const nudge = setTimeout(() => webContents.sendInputEvent({ type: 'keyDown', keyCode: 'Right', modifiers: ['shift'] }), nudgeAfterMs);
  const drawn: unknown = await webContents.executeJavaScript(
    "new Promise((drawn) => { const look = () => { const said = document.documentElement.dataset.firstSegmentation; if (said) drawn(said); else setTimeout(look, 50); }; look(); })",
  );
  clearTimeout(nudge);
  console.log(`first-segmentation ${String(drawn)}`);
  app.quit();
}
