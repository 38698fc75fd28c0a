import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Loopback, startLoopback } from '../../../electron/loopback/server';
import { decodeMessage, encodeMessage } from '../../../engine/contract/wire';

const folder = mkdtempSync(join(tmpdir(), 'gyra-loopback-'));
const rendererFolder = join(folder, 'renderer');
const engineFile = join(folder, 'engine.mjs');
const options = { rendererFolder, engineFile, assetsFolder: folder, port: 0 };

let server: Loopback;
let origin: string;
let cookie: string;

beforeAll(async () => {
  mkdirSync(rendererFolder);
  writeFileSync(join(rendererFolder, 'index.html'), '<!doctype html><title>Gyra</title>');
  writeFileSync(join(rendererFolder, 'index.js'), 'export {};');
  writeFileSync(join(folder, 'secret.json'), '{}');
  // An engine that answers each call with its method, and dies of `cancelJob`.
  writeFileSync(engineFile, "process.send({ kind: 'event', event: 'engine', payload: { state: 'ready' } }); process.on('message', ({ id, method, args }) => (method === 'cancelJob' ? process.exit() : process.send({ kind: 'reply', id, result: { ok: true, value: { method, args } } })));");
  server = await startLoopback(options);
  origin = `http://127.0.0.1:${server.port}`;
  const first = await request(new URL(server.url).pathname + new URL(server.url).search);
  expect(first.status).toBe(303);
  expect(first.headers['set-cookie']![0]).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
  cookie = first.headers['set-cookie']![0].split(';')[0];
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A request whose path and headers are sent as given; fetch would tidy them. */
function request(path: string, headers: Record<string, string> = {}, host = '127.0.0.1', method = 'GET'): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host, port: server.port, path, headers, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    }).on('error', reject);
  });
}

/** Resolves to the open socket, rejects with the server's refusal. */
function connect(headers: Record<string, string>, from: string | undefined = origin, path = '/engine'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers, ...(from && { origin: from }) });
  return new Promise((resolve, reject) => socket.on('open', () => resolve(socket)).on('error', reject));
}
/** The next reply; what is said unasked is passed over. */
function answerTo(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) =>
    socket.on('message', (data: Buffer) => {
      const message = decodeMessage(data) as { kind: string };
      if (message.kind === 'reply') resolve(message);
    }),
  );
}
const closeCode = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve));

describe('loopback server: pages', () => {
  it('serves the workbench to who holds the cookie, under a strict policy', async () => {
    const { status, headers, body } = await request('/', { cookie });
    expect([status, body]).toEqual([200, '<!doctype html><title>Gyra</title>']);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    expect(headers).toMatchObject({ 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });
  it('refuses who has no token, a wrong token, or one that was used', async () => {
    expect((await request('/')).status).toBe(401);
    expect((await request('/?token=')).status).toBe(401);
    expect((await request(`/?token=${'A'.repeat(43)}`)).status).toBe(401);
    const again = await request(`/${new URL(server.url).search}`);
    expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await request('/', { cookie: `${cookie}x` })).status).toBe(401);
  });
  it('refuses another name for this machine, as DNS rebinding would use', async () => {
    for (const host of ['evil.test', `localhost:${server.port}`, '127.0.0.1', `127.0.0.1.evil.test:${server.port}`]) expect((await request('/', { cookie, host })).status).toBe(403);
  });
  it('refuses another page’s requests and other methods', async () => {
    expect((await request('/', { cookie, origin: 'http://evil.test' })).status).toBe(403);
    expect((await request('/', { cookie, origin: 'null' })).status).toBe(403);
    expect((await request('/', { cookie }, undefined, 'POST')).status).toBe(405);
  });
  it('serves nothing outside the renderer', async () => {
    expect((await request('/index.js', { cookie })).status).toBe(200);
    for (const path of ['/../secret.json', '/%2e%2e/secret.json', '/..%2fsecret.json', '/..%5csecret.json', '//etc/passwd', '/%00index.js', '/%', '/index.js/../../secret.json', '/missing.js', '/engine']) expect([path, (await request(path, { cookie })).status]).toEqual([path, 404]);
  });
  const others = Object.values(networkInterfaces()).flat().filter((address) => address && address.family === 'IPv4' && !address.internal);
  if (others.length === 0) console.log('skipped: this machine has no other network interface to try');
  it.skipIf(others.length === 0)('does not listen on other interfaces', async () => {
    await expect(request('/', { cookie }, others[0]!.address)).rejects.toThrow(/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/);
  });
  it('does not listen on other loopback addresses', async () => {
    await expect(request('/', { cookie }, '127.0.0.2')).rejects.toThrow('ECONNREFUSED');
  });
  it('names a port that is in use and the remedy', async () => {
    await expect(startLoopback({ ...options, port: server.port })).rejects.toMatchObject({ code: 'bad-input', message: `Port ${server.port} is in use by another program.`, remedy: expect.stringContaining('--port') });
  });
});

describe('loopback server: messages', () => {
  it('carries calls and their answers, volumes included', async () => {
    const socket = await connect({ cookie });
    socket.send(encodeMessage({ kind: 'call', id: 7, method: 'openCase', args: { file: { name: 'a.nii', bytes: new Uint8Array([1, 2, 3]) } } }));
    expect(await answerTo(socket)).toEqual({ kind: 'reply', id: 7, result: { ok: true, value: { method: 'openCase', args: { file: { name: 'a.nii', bytes: new Uint8Array([1, 2, 3]) } } } } });
    socket.close();
  });
  it('is opened only with the cookie, from its own page and at its own path', async () => {
    for (const [headers, from, path] of [
      [{}, origin],
      [{ cookie: 'gyra=1' }, origin],
      [{ cookie }, 'http://evil.test'],
      [{ cookie }, 'null'],
      [{ cookie }, ''],
      [{ cookie }, `http://localhost:${server.port}`],
      [{ cookie, host: 'evil.test' }, origin],
      [{ cookie }, origin, '/other'],
    ] as [Record<string, string>, string, string?][])
      await expect(connect(headers, from, path)).rejects.toThrow('403');
  });
  it('closes on what is no message of the contract', async () => {
    const malformed: (string | Uint8Array)[] = [
      'text',
      new Uint8Array(),
      new Uint8Array([255, 255, 255, 255]),
      encodeMessage({ kind: 'call', id: 1, method: 'removeEverything', args: {} }),
      encodeMessage({ kind: 'call', id: 1, method: 'constructor', args: {} }),
      encodeMessage({ kind: 'call', id: -1, method: 'status', args: {} }),
      encodeMessage({ kind: 'call', id: 1, method: 'status', args: {}, extra: true }),
      encodeMessage({ kind: 'event', event: 'engine', payload: {} }),
    ];
    for (const message of malformed) {
      const socket = await connect({ cookie });
      socket.send(message);
      expect(await closeCode(socket)).toBe(1008);
    }
  });
  it('answers that the engine stopped when it dies, and starts another', async () => {
    const { enginePid } = server;
    const socket = await connect({ cookie });
    socket.send(encodeMessage({ kind: 'call', id: 1, method: 'cancelJob', args: { jobId: 'x' } }));
    expect(await answerTo(socket)).toMatchObject({ id: 1, result: { ok: false, problem: { code: 'engine-stopped' } } });
    await expect.poll(() => server.enginePid, { timeout: 10_000 }).not.toBe(undefined);
    expect(server.enginePid).not.toBe(enginePid);
    socket.send(encodeMessage({ kind: 'call', id: 2, method: 'status', args: {} }));
    expect(await answerTo(socket)).toMatchObject({ id: 2, result: { ok: true } });
    socket.close();
  });
});
