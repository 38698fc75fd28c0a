/** @file The engine as an ordinary child process of Node. */
import { fork } from 'node:child_process';
import type { EngineProcess } from '../engine-supervisor';

export function forkEngine(engineFile: string, assetsFolder: string): EngineProcess {
  const child = fork(engineFile, ['--assets', assetsFolder], { serialization: 'advanced', execArgv: [] });
  return {
    pid: child.pid,
    send: (message) => child.connected && child.send(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', listener),
    kill: () => child.kill(),
  };
}
