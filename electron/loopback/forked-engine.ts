/** @file The engine as an ordinary child process of Node. */
import { fork } from 'node:child_process';
import type { EngineProcess } from '../engine-supervisor';

export function forkEngine(engineFile: string, assetsFolder: string): EngineProcess {
  const child = fork(engineFile, ['--assets', assetsFolder], { serialization: 'advanced', execArgv: [] });
  return {
    pid: child.pid,
    // A process that died a moment ago cannot be written to; its exit answers the call.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', listener),
    kill: () => child.kill(),
  };
}
