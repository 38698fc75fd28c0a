/** @file Bundles the stand-in into a folder, where it is an executable for plain Node. */
import { join } from 'node:path';
import { build } from 'esbuild';

/** Resolves to the file to run: node FILE APP-FOLDER. */
export async function buildStandIn(folder: string): Promise<string> {
  const here = (name: string) => join(import.meta.dirname, `${name}.ts`);
  await build({ bundle: true, platform: 'node', format: 'cjs', external: ['playwright-core'], entryPoints: [here('executable'), here('parent-port')], outdir: folder, outExtension: { '.js': '.cjs' } });
  // What runs inside pages has no modules: one global each.
  await build({ bundle: true, format: 'iife', globalName: 'standIn', target: 'chrome130', entryPoints: [here('isolated-world'), here('page-world')], outdir: folder });
  return join(folder, 'executable.cjs');
}
