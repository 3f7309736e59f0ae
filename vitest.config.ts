import { defineConfig } from 'vitest/config';

/** No test is bounded by seconds; these end only what hangs. A test that waits for something gives up before (eventually). */
const HANG_MS = 30 * 60_000;
const PATIENT = { testTimeout: HANG_MS, hookTimeout: HANG_MS };

export default defineConfig(({ mode }) => ({
  test: {
    // By default one core is left to a person in front of the screen.
    maxWorkers: '100%',
    provide: { explore: mode === 'explore' },
    projects: [
      {
        test: {
          name: 'unit',
          ...PATIENT,
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
          ...PATIENT,
          fileParallelism: false,
        },
      },
    ],
  },
}));
