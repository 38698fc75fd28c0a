/** @file BrowserWindow as a page of Chromium: the preload runs in an isolated world of it, custom schemes are answered by the main process. */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, CDPSession, Page, Route } from 'playwright-core';
import { decodeMessage, encodeMessage } from '../../../engine/contract/wire';

export interface Shared {
  context(): BrowserContext;
  /** From then on pages and what they wait for may be gone at any moment. */
  isQuitting(): boolean;
  app: EventEmitter;
  /** ipcMain's handlers by channel. */
  handlers: Map<string, (...args: unknown[]) => unknown>;
  /** protocol's handlers by scheme. */
  schemes: Map<string, (request: Request) => Promise<Response>>;
}

interface WindowOptions {
  webPreferences: { preload: string; contextIsolation: boolean; sandbox: boolean; nodeIntegration: boolean };
}

const worldName = 'stand-in-preload';
/** Chromium knows no custom schemes: app://gyra/x is shown as https://gyra.app-scheme.test/x. */
const toWeb = (url: string): string => url.replace(/^([a-z]+):\/\/([^/]+)/, 'https://$2.$1-scheme.test');
const fromWeb = (url: string): string => url.replace(/^https:\/\/([^/]+)\.([a-z]+)-scheme\.test/, '$2://$1');

export function createBrowserWindow(shared: Shared) {
  return class BrowserWindow extends EventEmitter {
    readonly webContents = Object.assign(new EventEmitter(), {
      send: (channel: string, ...args: unknown[]) => this.#deliver({ channel, args }),
      setWindowOpenHandler: (handler: (details: { url: string }) => { action: string }) => (this.#openHandler = handler),
      sendInputEvent: ({ keyCode, modifiers }: { keyCode: 'Right'; modifiers: ['shift'] }) => void this.#opened.then(({ page }) => page.keyboard.press(`${modifiers[0] === 'shift' ? 'Shift+' : ''}Arrow${keyCode}`)).catch(this.#unlessQuitting),
      executeJavaScript: async (code: string): Promise<unknown> => (await this.#opened).page.evaluate(code),
    });
    readonly #preload: string;
    readonly #opened: Promise<{ page: Page; session: CDPSession }>;
    #openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
    #world: number | undefined;
    #loading = '';
    #isDestroyed = false;

    constructor({ webPreferences: { preload, contextIsolation, sandbox, nodeIntegration } }: WindowOptions) {
      super();
      if (!contextIsolation || !sandbox || nodeIntegration) throw new Error('The Electron stand-in only opens isolated, sandboxed windows without Node.');
      this.#preload = preload;
      shared.app.emit('web-contents-created', {}, this.webContents);
      this.#opened = this.#open();
    }

    isDestroyed = (): boolean => this.#isDestroyed;
    isMinimized = (): boolean => false;
    focus = (): void => undefined;

    readonly #unlessQuitting = (error: unknown): void => {
      if (!shared.isQuitting()) throw error;
    };

    async loadURL(url: string): Promise<void> {
      const { page } = await this.#opened;
      this.#loading = toWeb(url);
      await page.goto(this.#loading);
    }

    async #open(): Promise<{ page: Page; session: CDPSession }> {
      const context = shared.context();
      const page = context.pages()[0] ?? (await context.newPage());
      const session = await context.newCDPSession(page);
      page.on('close', () => {
        this.#isDestroyed = true;
        this.emit('closed');
        shared.app.emit('window-all-closed');
      });
      context.on('page', (popup) => {
        if (this.#openHandler({ url: popup.url() }).action === 'deny') void popup.close();
      });
      await page.route('**/*', (route) => this.#answer(route).catch(this.#unlessQuitting));
      session.on('Runtime.executionContextCreated', ({ context: { id, name } }) => {
        if (name === worldName) this.#world = id;
      });
      session.on('Runtime.bindingCalled', ({ payload, executionContextId }) => void this.#invoke(payload, executionContextId, page.url()));
      await session.send('Page.enable');
      await session.send('Runtime.enable');
      await session.send('Runtime.addBinding', { name: 'standInSend', executionContextName: worldName });
      // A secret name for the events between the two worlds, as the page could otherwise speak in their place.
      const secret = JSON.stringify(`stand-in-${Math.random()}`);
      const inTopFrame = (code: string) => `if (window === window.top) { ${code} }`;
      const world = (file: string) => readFileSync(join(__dirname, file), 'utf8');
      await session.send('Page.addScriptToEvaluateOnNewDocument', { source: inTopFrame(`(() => { ${world('page-world.js')}; standIn.open(${secret}); })();`) });
      await session.send('Page.addScriptToEvaluateOnNewDocument', { worldName, source: inTopFrame(`${world('isolated-world.js')}; ((require) => { ${readFileSync(this.#preload, 'utf8')} })(standIn.open(${secret}));`) });
      return { page, session };
    }

    async #answer(route: Route): Promise<void> {
      const request = route.request();
      const url = fromWeb(request.url());
      const isLeaving = request.isNavigationRequest() && request.frame() === request.frame().page().mainFrame() && request.url() !== this.#loading;
      if (isLeaving) {
        let isPrevented = false;
        this.webContents.emit('will-navigate', { url, preventDefault: () => (isPrevented = true) });
        // "No content" leaves the page where it is, as a prevented navigation does.
        if (isPrevented) return route.fulfill({ status: 204 });
      }
      const handler = shared.schemes.get(url.slice(0, url.indexOf(':')));
      if (!handler) return route.continue();
      const response = await handler(new Request(url));
      await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) });
    }

    /** ipcRenderer.invoke: calls ipcMain's handler and sends back what it answers, or the text of its error. */
    async #invoke(payload: string, world: number, url: string): Promise<void> {
      const { id, channel, args } = decodeMessage(Buffer.from(payload, 'base64')) as { id: number; channel: string; args: unknown[] };
      const handler = shared.handlers.get(channel);
      try {
        if (!handler) throw new Error(`No handler registered for '${channel}'`);
        const value = await handler({ sender: this.webContents, senderFrame: { url: fromWeb(url), parent: null } }, ...args);
        await this.#deliver({ id, value }, world);
      } catch (error) {
        await this.#deliver({ id, error: `Error invoking remote method '${channel}': ${String(error)}` }, world);
      }
    }

    async #deliver(message: object, world = this.#world): Promise<void> {
      if (world === undefined) return;
      const { session } = await this.#opened;
      const expression = `standIn.receive(${JSON.stringify(Buffer.from(encodeMessage(message)).toString('base64'))})`;
      // A page that was closed or left meanwhile is not waiting any more.
      await session.send('Runtime.evaluate', { contextId: world, expression }).catch(() => undefined);
    }
  };
}
