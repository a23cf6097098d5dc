import { defineConfig } from 'vitest/config';

// Against a running Host: HAKURIVER_URL and HAKURIVER_SHARED say where. Started by tests/e2e/dashboard.
export default defineConfig({
  test: {
    include: ['tests/real/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});
