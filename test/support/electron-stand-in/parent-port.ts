/** @file Loaded first in a utility process of the stand-in: gives it Electron's process.parentPort over Node's own channel. */
import { EventEmitter } from 'node:events';

const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: object) => process.connected && process.send?.(message) });
// Node keeps messages until someone listens: only pass them on once the app does.
parentPort.once('newListener', () => process.on('message', (data) => parentPort.emit('message', { data })));
Object.assign(process, { parentPort });
