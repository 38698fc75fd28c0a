/** @file What no page may do in this program, whatever it holds: leave, open windows, ask for devices, embed others. */
import { app, session } from 'electron';
import { isWorkbench } from './app-scheme';

/** To be called once the app is ready. */
export function lockDown(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  session.defaultSession.setDevicePermissionHandler(() => false);
  app.on('web-contents-created', (_event, contents) => {
    const stay = (details: { url: string; preventDefault(): void }) => {
      if (!isWorkbench(details.url)) details.preventDefault();
    };
    contents.on('will-navigate', stay);
    contents.on('will-redirect', stay);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
