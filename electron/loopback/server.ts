/** @file The shell where there is no Electron: the same renderer and engine on 127.0.0.1, for one browser that holds the token. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { requestMessage, type EventMessage, type ReplyMessage } from '../../engine/contract/engine-api';
import { badInput } from '../../engine/contract/problem';
import { decodeMessage, encodeMessage } from '../../engine/contract/wire';
import { superviseEngine } from '../engine-supervisor';
import { securityHeaders, serveRendererFile } from '../renderer-files';
import { type Access, grantAccess } from './access';
import { forkEngine } from './forked-engine';

export interface LoopbackOptions {
  /** Folder of the built renderer. */
  rendererFolder: string;
  /** The built engine process. */
  engineFile: string;
  /** Folder of shipped cases and models. */
  assetsFolder: string;
  /** 0 takes a free one. */
  port: number;
}

export interface Loopback {
  /** Address with the one-time token; works once. */
  readonly url: string;
  readonly port: number;
  readonly enginePid: number | undefined;
  close(): Promise<void>;
}

/** A volume of 400^3 in 16 bits is 128 MB; labels and a second image fit beside it. */
const maximumMessageBytes = 512 * 2 ** 20;

/** @throws GyraError where the port is in use or not allowed. */
export async function startLoopback({ rendererFolder, engineFile, assetsFolder, port: wantedPort }: LoopbackOptions): Promise<Loopback> {
  const server = createServer((request, response) => void answer(request, response));
  const port = await listen(server, wantedPort);
  const access = grantAccess(port);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maximumMessageBytes });
  const engine = superviseEngine(
    () => forkEngine(engineFile, assetsFolder),
    (event) => sockets.clients.forEach((socket) => send(socket, event)),
  );

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, text: string) => void response.writeHead(status, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(text);
    if (!access.fromHere(request)) return refuse(403, 'This address is not for you.');
    if (request.method !== 'GET') return refuse(405, 'Only GET is answered.');
    // Not parsed as a URL, which would resolve `..` before it is looked at.
    const [pathname, query = ''] = (request.url ?? '/').split('?', 2) as [string, string?];
    const token = new URLSearchParams(query).get('token');
    if (token !== null) {
      const cookie = access.redeem(token);
      if (!cookie) return refuse(401, 'This address was used before. Start Gyra again with npm start.');
      return void response.writeHead(303, { ...securityHeaders, location: '/', 'set-cookie': cookie }).end();
    }
    if (!access.known(request)) return refuse(401, 'Open Gyra through the address that npm start prints.');
    const { status, headers, body } = await serveRendererFile(rendererFolder, pathname);
    response.writeHead(status, headers).end(body);
  }

  server.on('upgrade', (request, stream, head) => {
    if (request.url !== '/engine' || !maySpeak(access, request)) return void stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('message', (data, isBinary) => void relay(socket, data as Buffer, isBinary));
      // A broken frame or one over the limit closes the socket; the client connects again.
      socket.on('error', () => socket.terminate());
    });
  });

  async function relay(socket: WebSocket, data: Buffer, isBinary: boolean): Promise<void> {
    const message = isBinary ? parse(data) : null;
    if (!message) return socket.close(1008, 'not a message of Gyra');
    const { id, method, args } = message;
    send(socket, { kind: 'reply', id, result: await engine.call(method, args) });
  }

  return {
    url: `http://127.0.0.1:${port}/?token=${access.token}`,
    port,
    get enginePid() {
      return engine.pid;
    },
    close: () =>
      new Promise((done) => {
        engine.stop();
        sockets.clients.forEach((socket) => socket.terminate());
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const maySpeak = (access: Access, request: IncomingMessage): boolean => access.fromHere(request) && access.known(request);

function send(socket: WebSocket, message: ReplyMessage | EventMessage): void {
  if (socket.readyState === socket.OPEN) socket.send(encodeMessage(message));
}

function parse(data: Buffer) {
  try {
    return requestMessage.parse(decodeMessage(data));
  } catch {
    return null;
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(badInput(error.code === 'EADDRINUSE' ? `Port ${port} is in use by another program.` : `Port ${port} cannot be opened (${error.code ?? 'unknown reason'}).`, 'Choose another with --port, or leave --port out to take a free one.')),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
