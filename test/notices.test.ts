import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

it('THIRD_PARTY_NOTICES.md names every package that ships, in the version of the lock file', () => {
  const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string>; devDependencies: Record<string, string> };
  const inWindow = ['react', 'react-dom', 'zustand', '@niivue/niivue', 'recharts', 'radix-ui', 'cmdk', 'lucide-react'];
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };
  const notices = read('THIRD_PARTY_NOTICES.md');
  for (const name of [...Object.keys(manifest.dependencies), ...inWindow]) expect(notices, 'run node scripts/notices.mjs').toContain(`${name} ${lock.packages[`node_modules/${name}`]!.version} (`);
});
