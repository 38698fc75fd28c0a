/** @file Builds dist/: engine, shell and renderer. Run by itself it always builds; start and test build only when a source changed. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, endWith, root } from './setup.mjs';

/** Everything that decides what is built. */
const sources = ['engine', 'electron', 'renderer', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'];
const stamp = join(root, 'dist', 'source-hash');

// Packages that are CommonJS inside call require for Node's own modules.
const requireBanner = { js: "import { createRequire as gyraCreateRequire } from 'node:module'; const require = gyraCreateRequire(import.meta.url);" };
const node = { platform: 'node', target: 'node20', bundle: true, sourcemap: true, mainFields: ['module', 'main'], absWorkingDir: root, logLevel: 'warning' };
// Neither minified nor with kept names: the kernel thread pool starts workers from the text of a function, which must stand alone.
// Split, so that what is imported when it is met (ITK) is read from disk only then.
const engine = { ...node, format: 'esm', splitting: true, banner: requireBanner, outdir: 'dist/engine' };
const bundles = [
  { ...engine, entryPoints: ['engine/host/cli.ts', 'engine/host/engine-process.ts', 'engine/host/compute-worker.ts', 'engine/host/job-process.ts', 'engine/host/job-worker.ts', 'engine/host/sample-thread.ts'] },
  { ...node, format: 'esm', banner: requireBanner, entryPoints: ['electron/loopback/server.ts'], outdir: 'dist/loopback' },
  { ...node, format: 'cjs', external: ['electron'], entryPoints: ['electron/main.ts', 'electron/preload.ts'], outdir: 'dist/electron', outExtension: { '.js': '.cjs' } },
];

/** ITK's WebAssembly of the formats we read and write; it is looked for beside the file that calls it. */
const pipelines = [
  ['image-io', ['nrrd', 'meta', 'mgh'].flatMap((format) => [`${format}-read-image`, `${format}-write-image`])],
  ['dicom', ['read-image-dicom-file-series']],
];
function copyPipelines() {
  for (const [name, files] of pipelines)
    for (const file of files.flatMap((pipeline) => [`${pipeline}.js`, `${pipeline}.wasm.zst`])) cpSync(join(root, 'node_modules', '@itk-wasm', name, 'dist', 'pipelines', file), join(root, 'dist', 'engine', 'pipelines', file));
}

export async function buildWhenStale() {
  const hash = hashOfSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.log('Building …');
  await build(hash);
}

async function build(hash) {
  // Without the stamp a build that fails half-way is built again.
  rmSync(stamp, { force: true });
  // Parts are named by their content: old ones would pile up.
  rmSync(join(root, 'dist', 'engine'), { recursive: true, force: true });
  const [esbuild, vite] = await Promise.all([import('esbuild'), import('vite')]);
  try {
    await Promise.all(bundles.map((options) => esbuild.build(options)));
    copyPipelines();
    await vite.build({ root: join(root, 'renderer'), configFile: join(root, 'vite.config.ts'), logLevel: 'silent' });
  } catch (error) {
    throw new SetupError(`The build failed: ${error.message}`, 'Undo the change that broke it, or run `npm ci` if packages are damaged, then run the same command again.');
  }
  writeFileSync(stamp, hash);
}

function hashOfSources() {
  const hash = createHash('sha256').update(process.versions.node);
  const add = (path) => {
    const file = join(root, path);
    if (!existsSync(file)) return;
    hash.update(path).update('\0').update(readFileSync(file)).update('\0');
  };
  for (const source of sources) {
    if (source.includes('.')) add(source);
    else for (const entry of readdirSync(join(root, source), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length)).sort()) add(entry);
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build(hashOfSources()).catch(endWith);
