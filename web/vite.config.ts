import { fileURLToPath, URL } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { compressOutput } from './build/compress';
import { emitLicenses } from './build/licenses';

const host = process.env.HAKURIVER_HOST ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [vue(), emitLicenses(), compressOutput()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': { target: host, ws: true } } },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy allows no data: sources
    reportCompressedSize: false,
    rolldownOptions: { input: ['index.html', 'terminal.html'] },
  },
});
