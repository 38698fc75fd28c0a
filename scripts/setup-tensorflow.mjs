/**
 * @file `npm run setup:tensorflow` and `npm run setup:gpu`: builds the addon of @tensorflow/tfjs-node into .gyra/tensorflow/ready, against the library tfjs-node
 * itself would download where that can be had and fits, else against the official wheel of PyPI. `-- --remove` takes it away again. Running it again continues.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify, parseArgs } from 'node:util';
import { SetupError, endWith, installDependencies, requireNode, root } from './setup.mjs';
import { npmPackages, published, wheelTags } from './tensorflow/pins.mjs';
import { NetworkError, python, runTool } from './tensorflow/tools.mjs';

const folder = join(root, '.gyra', 'tensorflow');
const [building, ready] = [join(folder, 'building'), join(folder, 'ready')];
const downloads = join(building, 'downloads');
/** How long the published library has to answer. */
const answerLimitMs = 20_000;

/** @param {'cpu' | 'gpu'} device @throws SetupError; a NetworkError where a registry cannot be reached */
export async function setUpTensorflow(device) {
  requireNode();
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new SetupError(`TensorFlow can be built for Gyra on Linux x64 only; this is ${process.platform} ${process.arch}.`, 'Use the wasm backend: it needs no set-up, and on a processor it is the faster one.');
  await requireTools();
  await installDependencies();
  const pins = createHash('sha256').update(readFileSync(join(root, 'scripts', 'tensorflow', 'pins.mjs'))).update(readFileSync(requirements(device))).digest('hex');
  const { name, version } = npmPackages[device];
  if (installed()?.pins === pins) {
    console.log(`TensorFlow ${installed().library} is in place (${device}).`);
    return;
  }
  // What an interrupted set-up of the same pins has made is used again.
  const mark = join(building, 'pins');
  if (existsSync(building) && !(existsSync(mark) && readFileSync(mark, 'utf8') === pins)) rmSync(building, { recursive: true });
  mkdirSync(downloads, { recursive: true });
  writeFileSync(mark, pins);

  console.log(`1/5 Sources of ${name} ${version}`);
  await unpackNpm(npmPackages.headers, 'node-api-headers');
  await unpackNpm(npmPackages[device], 'tfjs-node');
  const { bundleKernels } = await import('./tensorflow/kernels.mjs');
  await bundleKernels(join(building, 'tfjs-node'), join(building, 'kernels.cjs'));

  const library = await buildAgainst(device);
  console.log('5/5 Tidying up');
  for (const part of ['downloads', 'tfjs-node', 'node-api-headers', 'pins', 'library/tensorflow/include', 'library/include']) rmSync(join(building, part), { recursive: true, force: true });
  writeFileSync(join(building, 'installed.json'), JSON.stringify({ schemaVersion: 1, device, package: name, packageVersion: version, library, pins }));
  rmSync(ready, { recursive: true, force: true });
  renameSync(building, ready);
  console.log(`TensorFlow ${library} is ready. \`npm run -s gyra -- doctor\` checks it; commands use it with --backend tensorflow.`);
}

/** Tries the published library, then the wheel. @returns its name */
async function buildAgainst(device) {
  const refusal = await publishedRefusal(device);
  if (!refusal) {
    try {
      return await compileAgainst(device, `${published.version} (published)`, () => fetchPublished(device), { include: 'include', lib: 'lib', files: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'] });
    } catch (error) {
      console.log(`    The published library cannot be used: ${error.message.split('\n')[0]}`);
      rmSync(join(building, 'library'), { recursive: true, force: true });
    }
  } else console.log(`    The published library is not used: ${refusal}`);
  const wheel = readFileSync(requirements(device), 'utf8').match(/^tensorflow(?:-cpu)?==(\S+)/m)[1];
  return compileAgainst(device, `${wheel} (wheel)`, () => fetchWheels(device), { include: 'tensorflow/include', lib: 'tensorflow', files: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] });
}

async function compileAgainst(device, name, fetchLibrary, { include, lib, files }) {
  console.log(`2/5 TensorFlow ${name}`);
  if (!existsSync(join(building, 'library'))) await fetchLibrary();
  console.log('3/5 Compiling the addon (half a minute)');
  const [source, library, addon] = [join(building, 'tfjs-node'), join(building, 'library'), join(building, 'tfjs_binding.node')];
  const cuda = device === 'gpu' && existsSync(join(library, 'nvidia')) ? readdirSync(join(library, 'nvidia')).map((part) => `$ORIGIN/library/nvidia/${part}/lib`) : [];
  const args = ['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION', `-I${join(building, 'node-api-headers', 'include')}`, `-I${join(library, include)}`, `-I${source}`];
  // RPATH and not RUNPATH, so that TensorFlow's own search for CUDA follows it
  const link = [`-L${join(library, lib)}`, ...files.map((file) => `-l:${file}`), '-Wl,--disable-new-dtags', `-Wl,-rpath,${[`$ORIGIN/library/${lib}`, ...cuda].join(':')}`];
  await runTool('g++', [...args, join(source, 'binding', 'tfjs_backend.cc'), join(source, 'binding', 'tfjs_binding.cc'), '-o', addon, ...link], 'The addon does not compile; the compiler\'s message is above.', 'Report it with the version of your g++ (`g++ --version`).');
  console.log('4/5 Loading it');
  const script = `const a = require(${JSON.stringify(addon)}); console.log(JSON.stringify({ version: a.TF_Version, gpu: a.isUsingGpuDevice() }))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' } }).catch((error) => {
    throw new SetupError(`The addon was built and does not load: ${error.message.split('\n').slice(0, 6).join(' ')}`, 'Remove it with `npm run setup:tensorflow -- --remove` and run the set-up again; if it happens again, report this message.');
  });
  const { version, gpu } = JSON.parse(stdout.trim().split('\n').at(-1));
  if (device === 'gpu' && !gpu) console.log('    TensorFlow finds no graphics card: it computes on the processor. `nvidia-smi` shows whether the driver is installed (525 or newer for CUDA 12).');
  return `${version} ${name.slice(name.indexOf('('))}`;
}

/** Why the published library is not tried, or nothing. */
export async function publishedRefusal(device) {
  // It links CUDA 11, which has to be on the machine already.
  if (device === 'gpu' && !(await promisify(execFile)('ldconfig', ['-p']).catch(() => ({ stdout: '' }))).stdout.includes('libcudart.so.11')) return 'it needs CUDA 11, which is not installed.';
  try {
    const { ok, status } = await fetch(publishedUrl(device), { method: 'HEAD', signal: AbortSignal.timeout(answerLimitMs) });
    return ok ? undefined : `the server answers ${status}.`;
  } catch (error) {
    return error.name === 'TimeoutError' ? `no answer within ${answerLimitMs / 1000} s.` : 'its server cannot be reached.';
  }
}
// The variable is tfjs-node's own.
const publishedUrl = (device) => `${process.env.TFJS_NODE_CDN_STORAGE ?? 'https://storage.googleapis.com/'}tensorflow/libtensorflow/${published[device].file}`;

async function fetchPublished(device) {
  const { file, sha256 } = published[device];
  const archive = join(downloads, file);
  const response = await fetch(publishedUrl(device));
  if (!response.ok) throw new NetworkError(`${file}: the server answers ${response.status}.`, 'Run the same command again later.');
  await pipeline(Readable.fromWeb(response.body), createWriteStream(archive));
  await requireHash(archive, sha256);
  await unpackTo('library', (partial) => runTool(python, ['-m', 'tarfile', '-e', archive, partial], `${file} cannot be unpacked.`, 'Check the free disk space, then run the same command again.'));
}

/** pip checks the hashes. */
async function fetchWheels(device) {
  await runTool(python, ['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--dest', downloads, ...wheelTags, '-r', requirements(device)], 'pip could not download TensorFlow; its message is above.', 'Check the connection to PyPI and the free disk space, then run the same command again.');
  const wheels = readdirSync(downloads).filter((file) => file.endsWith('.whl'));
  const script = `import sys, zipfile
wanted = ('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/', 'nvidia/')
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(sys.argv[1], [name for name in archive.namelist() if name.startswith(wanted)])`;
  await unpackTo('library', (partial) => runTool(python, ['-c', script, partial, ...wheels.map((file) => join(downloads, file))], 'The wheel cannot be unpacked.', 'Check the free disk space (2 GB, with CUDA 8 GB), then run the same command again.'));
}

async function unpackNpm({ name, version, sha256 }, target) {
  if (existsSync(join(building, target))) return;
  const archive = join(downloads, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  if (!existsSync(archive)) await runTool('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', downloads, `${name}@${version}`], `npm could not fetch ${name}; its message is above.`, 'Check the connection to the npm registry, then run the same command again.');
  await requireHash(archive, sha256);
  await unpackTo(target, (partial) => runTool(python, ['-m', 'tarfile', '-e', archive, partial], `${name} cannot be unpacked.`, 'Check the free disk space, then run the same command again.'), 'package');
}

/** Unpacks beside the target and renames, so that a half-unpacked folder never counts. */
async function unpackTo(target, unpack, inside = '.') {
  const partial = join(building, `${target}.partial`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  await unpack(partial);
  // the package of headers has a folder name of its own choosing
  renameSync(inside === '.' ? partial : join(partial, readdirSync(partial)[0]), join(building, target));
  rmSync(partial, { recursive: true, force: true });
}

async function requireHash(file, expected) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') === expected) return;
  rmSync(file);
  throw new SetupError(`${basename(file)} is not the file Gyra expects (its SHA-256 differs); it was deleted.`, 'Run the same command again. If it happens again, a proxy or a mirror changes what it hands out.');
}

async function requireTools() {
  const works = (command, args) => promisify(execFile)(command, args).then(() => true, () => false);
  const tools = [
    { works: await works('npm', ['--version']), missing: 'npm', remedy: 'It comes with Node.js (https://nodejs.org).' },
    { works: await works(python, ['--version']), missing: 'python3', remedy: 'Install it, as with `apt-get install python3 python3-pip`.' },
    { works: await works(python, ['-m', 'pip', '--version']), missing: 'pip for python3', remedy: 'Install it, as with `apt-get install python3-pip`.' },
    { works: await works('g++', ['--version']), missing: 'g++', remedy: 'Install it, as with `apt-get install g++`.' },
  ].filter((tool) => !tool.works);
  if (tools.length) throw new SetupError(`To build TensorFlow for Gyra, this is missing: ${tools.map(({ missing }) => missing).join(', ')}.`, `${tools.map(({ missing, remedy }) => `${missing}: ${remedy}`).join('\n')}\nThen run the same command again.`);
}

const requirements = (device) => join(root, 'scripts', 'tensorflow', `requirements-${device}.txt`);
function installed() {
  try {
    return JSON.parse(readFileSync(join(ready, 'installed.json'), 'utf8'));
  } catch {
    return null;
  }
}

function remove() {
  const bytes = existsSync(folder) ? readdirSync(folder, { recursive: true }).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) : 0;
  rmSync(folder, { recursive: true, force: true });
  console.log(bytes ? `TensorFlow was removed (${(bytes / 1e9).toFixed(1)} GB).` : 'TensorFlow was not installed.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { gpu: { type: 'boolean' }, remove: { type: 'boolean' } } });
    if (values.remove) remove();
    else await setUpTensorflow(values.gpu ? 'gpu' : 'cpu');
  } catch (error) {
    endWith(error);
  }
}
