import { defineConfig } from 'vitest/config';

// tfjs ships CommonJS as `main` and ES modules as `module`; two copies of its registry end in "Kernel not registered", so it is always inlined as ES modules.
const tfjsAsModules = { server: { deps: { inline: [/@tensorflow\/tfjs/] } } };
const resolve = { mainFields: ['module', 'main'] };

export default defineConfig({
  resolve,
  test: {
    projects: [
      { resolve, ssr: { resolve: { mainFields: ['module', 'main'] } }, test: { name: 'unit', include: ['test/**/*.test.ts', 'test/**/*.test.tsx'], exclude: ['test/app/**', 'test/tensorflow/**'], testTimeout: 120_000, ...tfjsAsModules } },
      // needs what `npm run setup:tensorflow` builds
      { resolve, ssr: { resolve: { mainFields: ['module', 'main'] } }, test: { name: 'tensorflow', include: ['test/tensorflow/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, ...tfjsAsModules } },
      { resolve, ssr: { resolve: { mainFields: ['module', 'main'] } }, test: { name: 'app', include: ['test/app/**/*.test.ts'], expect: { poll: { timeout: 30_000 } }, testTimeout: 240_000, hookTimeout: 240_000, fileParallelism: false, ...tfjsAsModules } },
    ],
  },
});
