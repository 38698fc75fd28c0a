/** @file Main file of the `live` engine process: its thread reads messages from the shell and passes computing on, so that a cancel is read at once. */
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requestMessage, type EventMessage, type ReplyMessage } from '../contract/engine-api';
import { startCompute } from './compute';
import type { Tell } from './curve-jobs';
import { createLiveEngine, statusOf } from './live-engine';

/** Electron's utility process talks through a port, an ordinary child process through itself. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}
const parentPort = (process as { parentPort?: ParentPort }).parentPort;

const { assets } = parseArgs({ options: { assets: { type: 'string' } } }).values;
if (!assets) throw new Error('engine-process needs --assets FOLDER');

try {
  // The window goes first when both want the processor, but a person waits for the engine too: far above a training's BELOW_NORMAL (10).
  os.setPriority(2);
} catch {
  // Only a courtesy, and not every system allows it.
}
// Ctrl-C reaches the whole group of processes; the shell decides when the engine ends.
process.on('SIGINT', () => undefined);
// An ordinary child process outlives its parent unless it looks; the parent may be gone before this line.
process.on('disconnect', () => process.exit());
if (process.connected === false) process.exit();

const send = (message: ReplyMessage | EventMessage): void => {
  if (parentPort) parentPort.postMessage(message);
  else if (process.connected) process.send?.(message);
};
const tell: Tell = (event, payload) => send({ kind: 'event', event, payload });

// Without its worker the process is of no use: the shell starts a new one.
const compute = await startCompute({ workerFile: fileURLToPath(new URL('./compute-worker.js', import.meta.url)), assetsFolder: assets, onExit: () => process.exit(1) });
const engine = createLiveEngine(compute, assets, tell);
if (parentPort) parentPort.on('message', ({ data }) => void answer(data));
else process.on('message', (data) => void answer(data));
tell('engine', { state: 'ready', status: statusOf(compute) });

async function answer(data: unknown): Promise<void> {
  // The shell sends nothing but requests; anything else has no one to answer.
  const request = requestMessage.safeParse(data);
  if (!request.success) return;
  const { id, method, args } = request.data;
  send({ kind: 'reply', id, result: await engine.call(method, args) });
}
