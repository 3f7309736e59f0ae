import { describe, expect, it } from 'vitest';
import type { Breakdown } from '../../api/kinds/release/breakdown.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { defaultTemplate, serializeTemplate } from '../../api/kinds/template/template.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { explainedRelease, explainRelease } from './explain.ts';

const plain = (_colour: string, text: string) => text;
const telling = { paint: plain, columns: 200, queries: false, values: false };
const TITLE = 'What explains the failure';

const BROKEN: Breakdown = {
  metric: 'error-rate',
  by: 'route',
  sentence:
    'Of 12 values of route, only /buy explains the failure: canary 20% (100/500) bad against 0.5% (10/2000).',
  rateOf: 'Value',
  compared: 12,
  values: [
    {
      value: '/buy',
      explains: true,
      canaryRequests: 500,
      canaryErrors: 100,
      stableRequests: 2000,
      stableErrors: 10,
      evidence: 1e12,
    },
    {
      value: '',
      explains: false,
      canaryRequests: 4000,
      canaryErrors: 5,
      stableRequests: 8000,
      stableErrors: 4,
      evidence: 1.25,
    },
    {
      value: '/new',
      explains: false,
      canaryRequests: 10,
      canaryErrors: 9,
      stableRequests: 0,
      stableErrors: 0,
    },
  ],
};

const FAILED: Partial<ReleaseStatus> = {
  phase: 'RolledBack',
  reason: 'HarmDetected',
  withdrawal: { endsAs: 'RolledBack', turnedDown: true },
  verdict: { result: 'fail', reason: 'HarmDetected', sentence: 'Harm.', numbers: {} },
};

const released = (change: Partial<ReleaseStatus>) => {
  const [metric] = defaultTemplate().metrics;
  if (metric?.type !== 'errorRate') throw new Error('the default template has another metric');
  const template = { ...defaultTemplate(), metrics: [{ ...metric, breakdown: { by: 'route' } }] };
  const release = aRelease({ status: { ...aStatus({ phase: 'RolledBack' }), ...FAILED, ...change } });
  const analysis = [{ template: 'http', args: {}, spec: serializeTemplate(template) }];
  return { ...release, spec: { ...release.spec, analysis } };
};

/** The lines of the section about the failure. */
const section = (change: Partial<ReleaseStatus>): string[] => {
  const lines = explainRelease(released(change), telling);
  const at = lines.indexOf(TITLE);
  const from = at === -1 ? lines.length : at + 1;
  const end = lines.indexOf('', from);
  return lines.slice(from, end === -1 ? undefined : end);
};

describe('explain', () => {
  it('shows the values with the rates of both versions, and which of them explain the failure', () => {
    expect(section({ breakdown: [BROKEN] })).toEqual([
      '  error-rate by route: Of 12 values of route, only /buy explains the failure: canary 20% (100/500) bad against 0.5% (10/2000).',
      '    route    canary            stable           evidence',
      '    /buy     20% (100/500)     0.5% (10/2000)   more than a million   explains it',
      '    (none)   0.125% (5/4000)   0.05% (4/8000)   1.25',
      '    /new     90% (9/10)        none (0/0)       not comparable',
      '    and 10 more with less evidence',
    ]);
  });

  it('says of what the rates are shares where the label says how a request ended', () => {
    expect(section({ breakdown: [{ ...BROKEN, by: 'code', rateOf: 'Version' }] })[1]).toBe(
      '    shares of all requests of each version',
    );
  });

  it('says why nothing was counted', () => {
    const sentence = 'Not counted by route: Prometheus did not answer within 10 s.';
    const none = { metric: 'error-rate', by: 'route', sentence, compared: 0, values: [] };
    expect(section({ breakdown: [none] })).toEqual([`  error-rate by route: ${sentence}`]);
  });

  it('says that the answer has not come, or did not come in time', () => {
    expect(section({ phase: 'RollingBack' })).toEqual(['  being counted']);
    expect(section({})).toEqual([
      '  not known: the release ended before the counts of each value had arrived',
    ]);
  });

  it('says nothing of it where nothing failed', () => {
    const verdict = { result: 'pass', reason: 'SafeProven', sentence: 'Safe.', numbers: {} } as const;
    expect(section({ verdict })).toEqual([]);
  });

  it('gives machines the same', () => {
    expect(explainedRelease(released({ breakdown: [BROKEN] }))['breakdown']).toEqual([BROKEN]);
  });
});
