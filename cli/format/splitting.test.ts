import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { aRelease, aStatus, STARTED } from '../../test/support/release.ts';
import { explainRelease } from './explain.ts';
import { formatProgress, progressKey } from './progress.ts';
import { formatLadder } from './splitting.ts';
import { formatReleases, summarize } from './summary.ts';

const plain = (_colour: string, text: string) => text;
const MATCH = { headers: [{ name: 'x-beta', exact: 'yes' }], cookies: [{ name: 'group', exact: 'b' }] };

function wire(spec: object) {
  const parsed = parsePolicy(spec);
  return parsed.ok ? serializePolicy(parsed.value) : expect.fail('not a policy');
}

describe('the steps of a policy', () => {
  it.each([
    { spec: { steps: [{ weight: 0.5 }] }, want: ['0.5% (2m to 30m)'] },
    {
      spec: { mirror: { percent: 20 }, steps: [{ weight: 5, pause: true }] },
      want: ['copies of 20% of requests (2m to 30m)', '5% (2m to 30m, then a pause)'],
    },
    {
      spec: { strategy: 'ab', match: MATCH, steps: [{ weight: 0, pause: '5m' }, { weight: 10 }] },
      want: [
        'requests that match (2m to 30m, then a pause of 5m)',
        'requests that match and 10% of the others (2m to 30m)',
      ],
    },
    {
      spec: { strategy: 'blueGreen' },
      want: ['no requests, at full size (2m to 30m)', 'all requests (10m to 30m)'],
    },
  ])('$spec', ({ spec, want }) => {
    expect(formatLadder(wire(spec))).toEqual(want);
  });

  it('are none where none was recorded', () => {
    expect(formatLadder({})).toEqual([]);
  });
});

describe('what goes to the canary beside its weight', () => {
  const status = aStatus({ weight: 0, observedWeight: 0, observedMirror: 50, observedMatching: true });
  const release = aRelease({ status });
  release.spec.policy = wire({ strategy: 'ab', match: MATCH, stickiness: { cookie: 'track' } });
  const both = 'copies 50% of requests, requests with header x-beta or cookie group or cookie track';

  it('stands beside it in every form', () => {
    const options = { paint: plain, nowMs: Date.parse(STARTED), namespaces: false };
    expect(formatReleases([release], options)[1]).toContain(`0%, ${both}`);
    expect(
      explainRelease(release, { paint: plain, columns: 400, queries: false, values: false }).join('\n'),
    ).toContain(`weight 0%, observed 0%, ${both}`);
    expect(formatProgress(release, '12:00', plain)).toContain(
      `weight 0% (observed 0%)  ${both.replace(', ', '  ')}`,
    );
    expect(summarize(release)).toMatchObject({ observedMirror: 50, observedMatching: true });
  });

  it('is something new to say', () => {
    const before = aRelease({ status: aStatus({ weight: 0, observedWeight: 0 }) });
    expect(progressKey(before)).not.toBe(progressKey(release));
  });
});
