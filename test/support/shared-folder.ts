/** @file The folder with golden numbers and data beside the repository; tests that need it are extra and say when they skip. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** The path of a file or folder in the shared folder, or null, with a line on the console, where it is not there. */
export function sharedPath(path: string): string | null {
  if (existsSync(shared + path)) return shared + path;
  console.log(`skipped: ../shared/${path} is not beside the repository`);
  return null;
}
