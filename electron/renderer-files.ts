/** @file The built renderer as the window may see it: its files, and the headers that keep everything else out. Both shells serve this. */
import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.woff2': 'font/woff2',
};

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    // Radix's dialogs lock scrolling through a style element that they add to the page.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Everything a sandboxed frame may not do is denied, new windows above all; downloads save pictures and tables.
    'sandbox allow-scripts allow-same-origin allow-forms allow-downloads',
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export interface ServedFile {
  status: 200 | 404;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** The file at a path of the address, such as `/assets/index.js`; anything outside `folder` or of an unlisted kind is not found. */
export async function serveRendererFile(folder: string, pathname: string): Promise<ServedFile> {
  const missing: ServedFile = { status: 404, headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from('Not found.') };
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return missing;
  }
  const file = resolve(join(folder, decoded === '/' ? 'index.html' : decoded));
  const contentType = contentTypes[extname(file)];
  if (!file.startsWith(resolve(folder) + sep) || !contentType || decoded.includes('\0')) return missing;
  try {
    return { status: 200, headers: { ...securityHeaders, 'content-type': contentType }, body: await readFile(file) };
  } catch {
    return missing;
  }
}
