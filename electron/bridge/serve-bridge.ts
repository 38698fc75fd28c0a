/** @file The main process's end of the bridge: only the workbench's own page is answered, and only calls of the contract. */
import { ipcMain } from 'electron';
import { isMethod, type Method } from '../../engine/contract/engine-api';
import type { Problem, Result } from '../../engine/contract/problem';
import { callChannel } from './channels';

const refused: Problem = { code: 'bad-input', message: 'This page asked for something Gyra does not offer.', remedy: 'Close the window and start Gyra again.' };

/** @param isWorkbench whether an address is the workbench's page. Arguments are parsed where they are used, in the engine. */
export function serveBridge(isWorkbench: (url: string) => boolean, call: (method: Method, args: unknown) => Promise<Result<unknown>>): void {
  ipcMain.handle(callChannel, ({ senderFrame }, method: unknown, args: unknown): Result<unknown> | Promise<Result<unknown>> => {
    if (!senderFrame || senderFrame.parent || !isWorkbench(senderFrame.url) || !isMethod(method)) return { ok: false, problem: refused };
    return call(method, args);
  });
}
