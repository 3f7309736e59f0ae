import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { REPORT } from './law.ts';
import { STORY, tell } from './story.ts';

const RUNS = 15;

afterAll(() => {
  process.stdout.write(`${REPORT.text()}\n`);
});

describe('whatever users, the cluster and the network do', () => {
  it('the safety invariants hold, and every release comes to an end', async () => {
    await fc.assert(
      fc.asyncProperty(STORY, async (story) => {
        expect(await tell(story)).toEqual([]);
      }),
      { numRuns: RUNS, endOnFailure: false },
    );
  });
});
