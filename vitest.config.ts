import { defineConfig } from 'vitest/config';
import type { LaneSetUp } from './test/cluster/lane.ts';

/** No test is bounded by seconds; these end only what hangs. A test that waits for something gives up before (eventually). */
const HANG_MS = 30 * 60_000;
const PATIENT = { testTimeout: HANG_MS, hookTimeout: HANG_MS };
/** From test/cluster/main.ts: the programs of a real control plane. Without it the tests of test/cluster say how to run them. */
const lane = process.env['SLUICE_LANE'];

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
            '{lib,api,analysis,providers,release,kube,controller,cli,playground,scripts}/**/*.test.ts',
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
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          ...PATIENT,
          provide: { lane: lane === undefined ? undefined : (JSON.parse(lane) as LaneSetUp) },
          // A cluster that is only borrowed is one for all files.
          fileParallelism: lane?.includes('"kubeconfig"') !== true,
        },
      },
    ],
  },
}));
