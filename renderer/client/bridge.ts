/** @file The way to the engine: what Electron's preload put on the window, or the same over a socket where a browser is the window. */
import type { Bridge } from '../../engine/contract/engine-api';
import { denyNavigation } from './deny-navigation';
import { connectLoopback } from './loopback-bridge';

declare global {
  interface Window {
    readonly gyra?: Bridge;
  }
}

export const bridge: Bridge = window.gyra ?? openLoopback();

function openLoopback(): Bridge {
  denyNavigation();
  return connectLoopback(`ws://${window.location.host}/engine`);
}
