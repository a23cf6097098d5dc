import { defineConfig } from 'vitest/config';

const junit = process.env.JUNIT_FILE;

// Real Chromium against dist/ and the development Host.
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    environment: 'node',
    globalSetup: './tests/browser/build.ts',
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: junit ? ['default', ['junit', { outputFile: junit }]] : ['default'],
  },
});
