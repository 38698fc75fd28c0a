/** @file `npm run setup:peers`: other people's runtimes that tests and benchmarks compare with, in .gyra/peers. Nothing else needs them. Not among the dependencies, because their install scripts download. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError, endWith, npm, root } from './setup.mjs';

const peers = { 'onnxruntime-node': '1.30.0' };
const folder = join(root, '.gyra', 'peers');

export const peersAreInstalled = () => Object.entries(peers).every(([name, version]) => {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
});

/** Installs beside the final place and renames, so that an interrupted install does not count. @throws SetupError */
export async function setUpPeers() {
  if (peersAreInstalled()) return;
  console.log(`Installing ${Object.entries(peers).map(([name, version]) => `${name} ${version}`).join(', ')} (about 290 MB on disk) …`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, 'package.json'), JSON.stringify({ private: true, dependencies: peers }));
  const code = await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: part, env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } });
  if (code !== 0) {
    rmSync(part, { recursive: true, force: true });
    throw new SetupError(`The peers could not be installed (npm exit code ${code}); its own message is above.`, 'Check the connection to the npm registry and the free disk space, then run npm run setup:peers again. What compares with them is skipped until then.');
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUpPeers().catch(endWith);
