/** @file Writes THIRD_PARTY_NOTICES.md: licence and copyright of every package that ends up in what Gyra ships. Run after a dependency changes. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Tools that build and test and are not shipped. */
const notShipped = /^(@types\/|typescript|vite$|vitest|@vitejs\/|esbuild|eslint|typescript-eslint|dependency-cruiser|playwright-core|electron|electron-builder|fast-check)/;
const direct = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies).filter((name) => !notShipped.test(name))];

/** Packages of which the build takes a part: the dependencies that come with it. The others belong to their command-line tools. */
const bundledOf = { 'itk-wasm': ['@thewtex/zstddec', 'mime-types'], '@itk-wasm/image-io': ['itk-wasm', 'mime-types'] };

const found = new Map();
/** Node's own resolution: the nearest node_modules upwards. */
function add(name, from) {
  let folder = from;
  while (!existsSync(join(folder, 'node_modules', name, 'package.json'))) {
    const parent = join(folder, '..');
    if (parent === folder) return; // optional and not installed
    folder = parent;
  }
  const place = join(folder, 'node_modules', name);
  const described = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  const key = `${name} ${described.version}`;
  if (found.has(key) || name.startsWith('@types/')) return;
  const file = readdirSync(place).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  found.set(key, { licence: typeof described.license === 'string' ? described.license : (described.license?.type ?? 'see text'), text: file ? readFileSync(join(place, file), 'utf8').trim().replace(/\r/g, '') : '' });
  for (const dependency of bundledOf[name] ?? Object.keys(described.dependencies ?? {})) add(dependency, place);
}
for (const name of direct) add(name, root);

const texts = new Map();
for (const [key, { licence, text }] of [...found].sort(([a], [b]) => a.localeCompare(b))) {
  const group = text || `Licence: ${licence} (the package carries no text of its own).`;
  texts.set(group, [...(texts.get(group) ?? []), `${key} (${licence})`]);
}
const body = [...texts].map(([text, packages]) => `## ${packages.join(', ')}\n\n\`\`\`text\n${text}\n\`\`\`\n`).join('\n');
writeFileSync(
  join(root, 'THIRD_PARTY_NOTICES.md'),
  `# Third-party notices\n\nPackages that are part of what Gyra ships, with their licences; written by \`node scripts/notices.mjs\`. Electron and Chromium carry their own notices (\`LICENSES.chromium.html\` beside the binary). The sample cases and what was trained on them: \`assets/cases/README.md\`.\n\n${body}`,
);
console.log(`${found.size} packages, ${texts.size} texts`);
