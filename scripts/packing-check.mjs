/** @file Packs the program offline, around an empty file in Electron's place, and looks at what went in and what stayed out. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gyra-packing-'));
try {
  const problems = check();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function check() {
  const electronDist = join(folder, 'electron');
  mkdirSync(electronDist);
  writeFileSync(join(electronDist, 'electron'), '#!/bin/sh\n');
  chmodSync(join(electronDist, 'electron'), 0o755);
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'electron', 'package.json'), 'utf8'));
  const output = join(folder, 'release');
  const settings = { electronDist, electronVersion: version, 'directories.output': output };
  const packed = node(join('electron-builder', 'cli.js'), '--linux', '--dir', ...Object.entries(settings).map(([name, value]) => `--config.${name}=${value}`));
  if (packed.status !== 0) return [`electron-builder failed:\n${packed.stdout}${packed.stderr}`];
  const resources = join(output, 'linux-unpacked', 'resources');
  const inside = node(join('@electron', 'asar', 'bin', 'asar.js'), 'list', join(resources, 'app.asar')).stdout.split('\n').map((line) => line.replaceAll('\\', '/'));

  const asked = ['/package.json', '/dist/electron/main.cjs', '/dist/electron/preload.cjs', '/dist/renderer/index.html', '/dist/engine/engine-process.js'];
  const real = ['package.json', 'dist/engine/engine-process.js', 'dist/engine/compute-worker.js', 'dist/engine/pipelines/mgh-read-image.js', 'dist/engine/pipelines/mgh-read-image.wasm.zst'].map((path) => join('app.asar.unpacked', path));
  const beside = ['assets/cases/dataset.json', ...readdirSync(join(root, 'assets')).map((name) => join('assets', name))];
  const unwanted = /^\/(test|engine|electron|renderer|scripts|node_modules|runs|docs|\.ci)(\/|$)|\.tsx?$|\.map$/;
  return [
    ...asked.filter((path) => !inside.includes(path)).map((path) => `${path} is missing from the archive.`),
    ...[...real, ...beside].filter((path) => !existsSync(join(resources, path))).map((path) => `${path} is missing beside the archive.`),
    ...inside.filter((path) => unwanted.test(path)).map((path) => `${path} is in the archive and should not be.`),
  ];
}

function node(script, ...args) {
  return spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, encoding: 'utf8', env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' } });
}
