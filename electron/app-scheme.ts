/** @file The app:// scheme: the built renderer under an origin of its own, with the headers the loopback server sends. */
import { protocol } from 'electron';
import { serveRendererFile } from './renderer-files';

const scheme = 'app';
export const workbenchUrl = `${scheme}://gyra/`;
export const isWorkbench = (url: string): boolean => url.startsWith(workbenchUrl);

/** To be called before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export function serveAppScheme(rendererFolder: string): void {
  protocol.handle(scheme, async ({ url }) => {
    // Only the host `gyra` exists; the path is served undecoded, so that it is checked once, where the file is found.
    const { status, headers, body } = await serveRendererFile(rendererFolder, isWorkbench(url) ? new URL(url).pathname : '');
    return new Response(new Uint8Array(body), { status, headers });
  });
}
