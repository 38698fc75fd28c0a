/** @file The engine as a utility process of Electron. */
import { utilityProcess } from 'electron';
import type { EngineProcess } from './engine-supervisor';

export function forkUtilityEngine(engineFile: string, assetsFolder: string): EngineProcess {
  const child = utilityProcess.fork(engineFile, ['--assets', assetsFolder], { serviceName: 'Gyra engine' });
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => child.postMessage(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', listener),
    kill: () => child.kill(),
  };
}
