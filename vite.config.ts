import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'renderer',
  // Relative addresses: the same files are served under app:// and over 127.0.0.1.
  base: './',
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome130',
    // Files, not data: addresses, so that the content security policy stays short.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 3000,
  },
});
