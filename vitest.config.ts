import { defineConfig } from 'vitest/config';
import type { LaneSetUp } from './test/cluster/lane.ts';

/** No test is bounded by seconds; these end only what hangs. A test that waits for something gives up before (eventually). */
const HANG_MS = 30 * 60_000;
const PATIENT = { testTimeout: HANG_MS, hookTimeout: HANG_MS };
/**
 * Real processes, real traffic and a real clock: chance has a part that no seed fixes, down to the verdict itself, which is
 * allowed to be wrong now and then. What fails is run once more, and `npm test` tells it at its end. Nothing else is run again.
 */
const REAL = { ...PATIENT, retry: 1 };
/** Properties draw from the same seed on every run. */
const SEEDED = { setupFiles: ['test/support/property-seed.ts'] };
/** One suite for every implementation of an interface: back ends, the API server. */
const SUITES = ['providers/**/*.conformance.test.ts', 'test/conformance/**/*.test.ts'];
/** Whole releases and rates of wrong decisions, many times over. */
const SIMULATIONS = ['analysis/**/*.simulation.test.ts', 'test/simulation/**/*.test.ts'];
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
          ...SEEDED,
          // Modules are pure or make what they need: a file starts with what the file before it has loaded.
          isolate: false,
          include: [
            '{lib,api,analysis,providers,release,kube,controller,cli,playground,scripts}/**/*.test.ts',
            'test/{architecture,bench,manifests}/**/*.test.ts',
          ],
          exclude: [...SUITES, ...SIMULATIONS],
        },
      },
      {
        test: { name: 'conformance', ...PATIENT, ...SEEDED, isolate: false, include: SUITES },
      },
      {
        test: { name: 'simulation', ...PATIENT, ...SEEDED, isolate: false, include: SIMULATIONS },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/{e2e,extending}/**/*.test.ts'],
          ...REAL,
          fileParallelism: false,
          // A world of the demo needs most of a core while it starts.
          maxConcurrency: 3,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          ...REAL,
          provide: { lane: lane === undefined ? undefined : (JSON.parse(lane) as LaneSetUp) },
          // A cluster that is only borrowed is one for all files.
          fileParallelism: lane?.includes('"kubeconfig"') !== true,
        },
      },
    ],
  },
}));
