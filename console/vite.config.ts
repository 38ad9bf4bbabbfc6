// How the console is built: into `dist/console`, from where the API serves it at `/console`.

import { defineConfig } from 'vite';
import { requestSchemas } from './request-schemas.ts';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [requestSchemas()],
  build: { outDir: '../dist/console', emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0, modulePreload: false },
  logLevel: 'warn',
});
