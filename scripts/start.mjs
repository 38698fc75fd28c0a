/** @file `npm start`: set-up, then the workbench in Electron or in Chromium's app window. `--smoke` does it without a person and says whether it worked. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromiumRemedy, ensureChromium, headlessFlags, quietFlags } from './chromium.mjs';
import { ensureElectron } from './electron-binary.mjs';
import { SetupError, endWith, root, setUp } from './setup.mjs';

const usage = 'npm start [-- --smoke] [--port N] [--no-window]';
/** Asked for first, so that the browser keeps this address's settings from one start to the next. */
const preferredPort = 46_352;
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const smokeLimitMs = 120_000;
/** A window that lived shorter was not closed by a person. */
const atOnceMs = 5000;
/** The case turns by itself on arrival; on a machine too slow to segment it meanwhile, a key turns it and leaves it turned. */
const nudgeAfterMs = 8000;

main().catch(endWith);

async function main() {
  const options = readOptions();
  const begunMs = Date.now();
  await setUp();
  // A port or an address to print is asked of the loopback server; everything else prefers a window of its own.
  const electron = options.port !== undefined || options.noWindow || hasNoDisplay() ? null : await ensureElectron();
  const setupSeconds = () => seconds(Date.now() - begunMs);
  if (electron && (await openElectron(electron, options, setupSeconds()))) return;
  await openBrowser(options, setupSeconds);
}

function readOptions() {
  try {
    const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, port: { type: 'string' }, 'no-window': { type: 'boolean', default: false } } });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) throw new Error(`--port ${values.port} is not a port number from 0 to 65535.`);
    return { smoke: values.smoke, port, noWindow: values['no-window'] };
  } catch (error) {
    throw new SetupError(error.message, `Usage: ${usage}`);
  }
}

/** Electron has no headless mode of its own: without a screen the browser serves. */
const hasNoDisplay = () => process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;

/** Whether Electron took over. Where it dies before it shows a window, for want of a library or of its sandbox, the browser serves instead. */
function openElectron(executable, { smoke }, setupSeconds) {
  const begunMs = Date.now();
  const args = [root, ...(smoke ? ['--smoke'] : []), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const child = spawn(executable, args, { cwd: root, stdio: ['ignore', smoke ? 'pipe' : 'inherit', 'inherit'] });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  const limit = smoke && setTimeout(() => child.kill(), smokeLimitMs);
  const pass = (signal) => child.kill(signal);
  for (const signal of endingSignals) process.on(signal, pass);
  return new Promise((resolve) => {
    const declined = () => {
      for (const signal of endingSignals) process.off(signal, pass);
      console.log('Electron could not open its window; opening the workbench in a browser instead.');
      resolve(false);
    };
    child.on('error', declined);
    child.on('exit', (code) => {
      clearTimeout(limit);
      const result = /^first-segmentation (.*)$/m.exec(output)?.[1];
      if (result) printReady(JSON.parse(result), Date.now() - begunMs, setupSeconds, 'electron');
      else if (code !== 0 && Date.now() - begunMs < atOnceMs) return declined();
      else if (smoke) console.error(`The workbench did not draw a turned segmentation in Electron.\n${output}Run npm start to look at it.`);
      process.exitCode = smoke && !result ? 1 : (code ?? 1);
      resolve(true);
    });
  });
}

async function openBrowser(options, setupSeconds) {
  const wantsWindow = !options.noWindow && (options.smoke || !hasNoDisplay());
  const chromium = wantsWindow ? await ensureChromium() : null;
  if (!chromium && options.smoke) throw new SetupError('There is neither Electron nor a Chromium browser to open the workbench in.', chromiumRemedy);
  const setup = setupSeconds();
  const begunMs = Date.now();
  const server = await serve(options);
  if (options.smoke) {
    try {
      printReady(await firstSegmentation(chromium, server.url), Date.now() - begunMs, setup, 'browser');
    } finally {
      await server.close();
    }
    return;
  }
  let window = null;
  const end = async () => {
    window?.kill();
    await server.close();
  };
  for (const signal of endingSignals) process.once(signal, () => void end());
  const printAddress = (why) => console.log(`${why ? `No window was opened: ${why}\n` : ''}Gyra is at\n\n  ${server.url}\n\nThe address works once, in one browser on this machine. Ctrl-C ends Gyra.`);
  if (options.noWindow) return printAddress();
  if (!wantsWindow) return printAddress('there is no screen here.');
  if (!chromium) return printAddress(`no Chromium browser was found. ${chromiumRemedy}`);
  window = openAppWindow(chromium, server);
  window.on('error', ({ message }) => printAddress(`${message}.`));
  window.on('exit', () => {
    // A browser that ends at once failed, or handed the address to one that runs already: nobody closed a window.
    if (!window.killed && Date.now() - begunMs < atOnceMs) printAddress('the browser ended at once.');
    else void end();
  });
}

async function serve({ port, smoke }) {
  const { startLoopback } = await import(pathToFileURL(join(root, 'dist', 'loopback', 'server.js')).href);
  const folders = { rendererFolder: join(root, 'dist', 'renderer'), engineFile: join(root, 'dist', 'engine', 'engine-process.js'), assetsFolder: join(root, 'assets') };
  const open = (asked) => startLoopback({ ...folders, port: asked });
  try {
    if (port !== undefined || smoke) return await open(port ?? 0);
    return await open(preferredPort).catch(() => open(0));
  } catch (error) {
    throw new SetupError(error.message, error.remedy);
  }
}

/** A window without address bar. It keeps its profile, and with it the workbench's settings, unless another Gyra holds the preferred port. */
function openAppWindow(chromium, { url, port }) {
  const isFirst = port === preferredPort;
  const profile = isFirst ? join(homedir(), '.gyra', 'browser-profile') : mkdtempSync(join(tmpdir(), 'gyra-'));
  mkdirSync(profile, { recursive: true });
  const window = spawn(chromium, [`--app=${url}`, `--user-data-dir=${profile}`, '--window-size=1600,1000', ...quietFlags], { stdio: 'ignore' });
  if (!isFirst) window.on('exit', () => rmSync(profile, { recursive: true, force: true }));
  return window;
}

/** Opens the page without a screen and waits until it has drawn a turned segmentation of every model it shows. */
async function firstSegmentation(executablePath, url) {
  const { chromium } = await import('playwright-core');
  const said = [];
  let browser;
  try {
    browser = await chromium.launch({ executablePath, args: headlessFlags });
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    page.on('pageerror', (error) => said.push(error.message));
    page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
    await page.goto(url);
    setTimeout(() => void page.keyboard.press('Shift+ArrowRight').catch(() => undefined), nudgeAfterMs).unref();
    const handle = await page.waitForFunction(() => document.documentElement.dataset.firstSegmentation, null, { timeout: smokeLimitMs });
    return JSON.parse(await handle.jsonValue());
  } catch (error) {
    throw new SetupError(`The workbench did not draw a turned segmentation: ${error.message.split('\n')[0]}`, said.length ? `The page said:\n${said.join('\n')}` : 'The page reported no error. Run npm start to look at it.');
  } finally {
    await browser?.close();
  }
}

function printReady({ case: name, models }, milliseconds, setupSeconds, shell) {
  console.log(JSON.stringify({ ready: true, seconds: seconds(milliseconds), setupSeconds, shell, case: name, models }));
}

const seconds = (milliseconds) => Math.round(milliseconds / 100) / 10;
