/** @file Puts the bridge on the window, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, EventMessage } from '../engine/contract/engine-api';
import { callChannel, eventChannel } from './bridge/channels';

contextBridge.exposeInMainWorld('gyra', {
  shell: 'electron',
  call: (method, args) => ipcRenderer.invoke(callChannel, method, args),
  on(event, listener) {
    const receive = (_event: unknown, message: EventMessage) => message.event === event && listener(message.payload as never);
    ipcRenderer.on(eventChannel, receive);
    return () => ipcRenderer.off(eventChannel, receive);
  },
} satisfies Bridge);
