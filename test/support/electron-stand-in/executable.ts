/**
 * @file A stand-in for Electron's executable: runs an app's real main process in Node and its windows in Chromium. Usage: STAND_IN_CHROMIUM='{"executablePath": …, "args": […]}' node executable.cjs APP-FOLDER [arguments].
 * It cannot vouch for sandboxing, fuses, the privileges of schemes, exact structured clone, native menus and dialogs, or the GPU: the same specs run on a real Electron where there is one.
 */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { resolve } from 'node:path';
import { createElectron, type ChromiumLaunch } from './electron';

const appFolder = resolve(process.argv[2]);
const { main } = JSON.parse(readFileSync(resolve(appFolder, 'package.json'), 'utf8')) as { main: string };

const electron = createElectron(appFolder, JSON.parse(process.env.STAND_IN_CHROMIUM!) as ChromiumLaunch);
const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
const load = loader._load;
loader._load = (request, ...rest) => (request === 'electron' ? electron : load.call(loader, request, ...rest));
loader._load(resolve(appFolder, main), undefined, true);
