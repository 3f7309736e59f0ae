import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  test: {
    // By default one core is left to a person in front of the screen.
    maxWorkers: '100%',
    provide: { explore: mode === 'explore' },
    projects: [
      {
        test: {
          name: 'unit',
          // what takes a second alone may take ten on a busy machine
          testTimeout: 30_000,
          setupFiles: ['test/support/property-seed.ts'],
          include: [
            '{api,analysis,providers,kube,controller,cli,playground,scripts}/**/*.test.ts',
            'test/{architecture,bench,conformance,simulation}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
}));
