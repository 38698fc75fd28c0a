import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'gyra-import-rules-'));
afterAll(() => rmSync(copy, { recursive: true }));

interface Report {
  summary: { totalCruised: number; violations: { from: string; rule: { name: string } }[] };
}

/** One forbidden import for each kind of rule. */
const planted: Record<string, { code: string; rule: string }> = {
  'engine/contract/planted.ts': { code: "import '../math/rotation';", rule: 'engine/contract imports only itself' },
  'engine/ops/planted.ts': { code: "import type { Network } from '../model/network'; export type Planted = Network;", rule: 'engine/ops imports only engine/contract, engine/math' },
  'engine/host/planted.ts': { code: "import '../../electron/engine-supervisor';", rule: 'engine/host imports only' },
  'electron/planted.ts': { code: "import '../engine/math/rotation';", rule: 'electron imports only engine/contract' },
  'renderer/ui/planted.ts': { code: "import '../../electron/bridge/channels';", rule: 'only client calls the bridge' },
  'renderer/charts/planted.ts': { code: "import '../client/bridge';", rule: 'viewer and charts take props' },
  'renderer/state/planted.ts': { code: "import '@niivue/niivue';", rule: 'NiiVue only in the viewer' },
  'engine/math/planted.ts': { code: "import './planted-partner';", rule: 'no cycles' },
  'engine/math/planted-partner.ts': { code: "import './planted'; import '../ops/operators';", rule: 'engine/math imports only engine/contract' },
  'engine/data/planted.ts': { code: "import './nowhere';", rule: 'nothing unresolved' },
};

describe('import rules', () => {
  it('read the whole house and catch every planted import', async () => {
    for (const part of ['engine', 'electron', 'renderer', 'tsconfig.json', 'package.json', '.dependency-cruiser.cjs']) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const [file, { code }] of Object.entries(planted)) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), code);
    }
    const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'engine', 'electron', 'renderer'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: copy, maxBuffer: 2 ** 28 });
    const { summary } = JSON.parse(stdout) as Report;
    expect(summary.totalCruised).toBeGreaterThan(100);
    // A cycle is reported once, at either of its files.
    const isReportedAt = (file: string) => ({ from }: { from: string }) => from.startsWith(file.slice(0, -'.ts'.length));
    for (const [file, { rule }] of Object.entries(planted)) expect(summary.violations.filter(isReportedAt(file)).map(({ rule: { name } }) => name)).toContainEqual(expect.stringContaining(rule));
  });
});
