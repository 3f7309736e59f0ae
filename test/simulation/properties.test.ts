import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STORY, tell } from './story.ts';

const RUNS = 15;

describe('whatever users, the cluster and the network do', () => {
  it(
    'the safety invariants hold after every write, and every release comes to an end',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(STORY, async (story) => {
          expect(await tell(story)).toEqual([]);
        }),
        { numRuns: RUNS, endOnFailure: false, interruptAfterTimeLimit: 45_000 },
      );
    },
  );
});
