import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callFromPage } from '../support/page-calls';
import { shells, type Workbench } from '../support/workbench';

describe.each(shells)('security: $name', ({ kind, open }) => {
  let workbench: Workbench;
  beforeAll(async () => {
    workbench = await open();
    await workbench.page.waitForSelector('#root > *');
  });
  afterAll(() => workbench.close());

  it('gives the page no Node and nothing but the bridge', async () => {
    const found = await workbench.page.evaluate(() => {
      const all = window as unknown as Record<string, unknown>;
      return { node: ['require', 'process', 'module', 'Buffer', 'global', '__dirname', 'electron', 'ipcRenderer'].filter((name) => typeof all[name] !== 'undefined'), bridge: Object.keys(window.gyra ?? {}).sort() };
    });
    expect(found).toEqual({ node: [], bridge: kind === 'electron' ? ['call', 'on', 'shell'] : [] });
  });

  it('runs no code made from text', async () => {
    const outcome = await workbench.page.evaluate(
      () =>
        new Promise<{ eval: string; function: string }>((resolve) => {
          const attempt = (run: () => unknown): string => {
            try {
              return String(run());
            } catch (error) {
              return (error as Error).name;
            }
          };
          // In a task of its own: what the debugger evaluates itself is exempt from the policy.
          setTimeout(() => resolve({ eval: attempt(() => (0, eval)('1 + 1')), function: attempt(() => new Function('return 2')()) }));
        }),
    );
    expect(outcome).toEqual({ eval: 'EvalError', function: 'EvalError' });
  });

  it('runs no script written into the page, and loads nothing from elsewhere', async () => {
    const outcome = await workbench.page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      const image = new Image();
      const loaded = new Promise<string>((resolve) => {
        image.onload = () => resolve('loaded');
        image.onerror = () => resolve('refused');
      });
      image.src = 'https://example.org/a.png';
      const fetched = await fetch('https://example.org/').then(() => 'fetched', () => 'refused');
      let socket = 'refused';
      try {
        socket = await new Promise<string>((resolve) => {
          const other = new WebSocket('ws://127.0.0.1:9/');
          other.onerror = () => resolve('refused');
          other.onopen = () => resolve('opened');
        });
      } catch {
        socket = 'refused';
      }
      return { injected: 'injected' in window, image: await loaded, fetched, socket };
    });
    expect(outcome).toEqual({ injected: false, image: 'refused', fetched: 'refused', socket: 'refused' });
  });

  it('opens no window and stays where it is', async () => {
    const { page } = workbench;
    const pages = page.context().pages().length;
    const address = page.url();
    const opened = await page.evaluate(async () => {
      const popup = window.open('https://example.org/');
      const link = Object.assign(document.createElement('a'), { href: 'https://example.org/', target: '_blank' });
      document.body.append(link);
      link.click();
      link.remove();
      window.location.href = 'https://example.org/';
      await new Promise((resolve) => setTimeout(resolve, 500));
      return popup !== null && !popup.closed;
    });
    expect(opened).toBe(false);
    expect(page.context().pages()).toHaveLength(pages);
    expect(page.url()).toBe(address);
    expect(await page.evaluate(() => document.querySelector('#root > *') !== null)).toBe(true);
  });

  it('is refused devices and permissions', async () => {
    const outcome = await workbench.page.evaluate(async () => {
      const location = await new Promise<string>((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('granted'), ({ code }) => resolve(`refused ${code}`)));
      const camera = await navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'granted', (error: Error) => error.name);
      return { location, camera, notifications: await Notification.requestPermission() };
    });
    expect(outcome.location).toBe('refused 1');
    expect(outcome.camera).not.toBe('granted');
    expect(outcome.notifications).toBe('denied');
  });

  it('answers calls of the contract and refuses every other', async () => {
    const { page } = workbench;
    expect(await callFromPage(page, 'status', {})).toMatchObject({ ok: true, value: { backend: 'wasm' } });
    expect(await callFromPage(page, 'segment', { caseId: 'hippocampus_004', modelId: 'm', rotation: [2, 0, 0, 0, 1, 0, 0, 0, 1] })).toMatchObject({ ok: false, problem: { code: 'bad-input' } });
    expect(await callFromPage(page, 'openCase', { caseId: '../../secret' })).toMatchObject({ ok: false, problem: { code: 'not-found' } });
    expect(await callFromPage(page, 'status', { extra: 1 })).toMatchObject({ ok: false, problem: { code: 'bad-input' } });
    for (const method of ['removeEverything', 'constructor', '__proto__', '']) {
      const answer = await callFromPage(page, method, {});
      if (kind === 'browser') expect(answer).toBe('closed');
      else expect(answer).toMatchObject({ ok: false, problem: { code: 'bad-input' } });
    }
    expect(await callFromPage(page, 'status', {})).toMatchObject({ ok: true });
  });
});
