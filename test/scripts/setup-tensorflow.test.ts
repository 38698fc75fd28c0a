import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { publishedRefusal } from '../../scripts/setup-tensorflow.mjs';
import { isAboutNetwork } from '../../scripts/tensorflow/tools.mjs';
import { temporaryFolder } from '../support/temporary-folder';

afterEach(() => vi.unstubAllEnvs());

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the set-up of TensorFlow', () => {
  it('names every tool that is missing, with its remedy, and touches nothing', () => {
    const onlyNode = temporaryFolder();
    symlinkSync(process.execPath, join(onlyNode, 'node'));
    const { status, stderr } = spawnSync(process.execPath, ['scripts/setup-tensorflow.mjs'], { env: { PATH: onlyNode }, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('this is missing: npm, python3, pip for python3, g++.');
    expect(stderr).toContain('apt-get install g++');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
  it('goes on to the wheel where the published library is not there, or nobody answers', async () => {
    const server = createServer((_, response) => void response.writeHead(404).end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    vi.stubEnv('TFJS_NODE_CDN_STORAGE', address);
    expect(await publishedRefusal('cpu')).toBe('the server answers 404.');
    await new Promise((resolve) => server.close(resolve));
    expect(await publishedRefusal('cpu')).toBe('its server cannot be reached.');
  });
});

it.each([
  ["WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for tensorflow-cpu", true],
  ['npm error code ENOTFOUND', true],
  ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. ConnectionError', false],
  ['ERROR: No matching distribution found for tensorflow-cpu==2.21.0', false],
  ['fatal error: tensorflow/c/c_api.h: No such file or directory', false],
])('tells a network that is away from other failures: %s', (text, expected) => expect(isAboutNetwork(text)).toBe(expected));
