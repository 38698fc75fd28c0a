/** @file The way to the engine: what Electron's preload put on the window, or the same over a socket where a browser is the window. */
import type { Bridge } from '../../engine/contract/engine-api';
import { connectLoopback } from './loopback-bridge';

declare global {
  interface Window {
    readonly gyra?: Bridge;
  }
}

export const bridge: Bridge = window.gyra ?? connectLoopback(`ws://${window.location.host}/engine`);
