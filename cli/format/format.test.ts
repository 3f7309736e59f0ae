import { describe, expect, it } from 'vitest';
import type { Phase } from '../../api/kinds/release/status.ts';
import { PHASES } from '../../api/kinds/release/status.ts';
import { aRelease, aStatus, STARTED } from '../../test/support/release.ts';
import { explainedRelease, explainRelease } from './explain.ts';
import { nextSteps } from './next.ts';
import { formatAge, formatNumber } from './numbers.ts';
import { progressKey } from './progress.ts';
import { formatReleases, summarize } from './summary.ts';
import { formatTable } from './table.ts';

const plain = (_colour: string, text: string) => text;
const telling = { paint: plain, columns: 400, queries: true, values: false };

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [812, '812'],
    [0.0123456, '0.01235'],
    [0.00001234, '1.23e-5'],
    [1234567.8, '1.23e+6'],
    [Number.NaN, 'NaN'],
  ])('%d → %s', (value, want) => {
    expect(formatNumber(value)).toBe(want);
  });
});

describe('formatAge', () => {
  it.each([
    [45, '45s'],
    [119, '119s'],
    [120, '2m'],
    [7_200, '2h'],
    [172_800, '2d'],
  ])('%d seconds → %s', (seconds, want) => {
    expect(formatAge(STARTED, Date.parse(STARTED) + seconds * 1000)).toBe(want);
  });

  it('has no age without a time', () => {
    expect(formatAge(undefined, 0)).toBe('<unknown>');
  });
});

describe('formatTable', () => {
  it('aligns columns whether they are coloured or not', () => {
    expect(
      formatTable(
        ['A', 'B'],
        [
          ['\u001b[31mlong\u001b[39m', 'x'],
          ['s', 'y'],
        ],
      ),
    ).toEqual(['A      B', '\u001b[31mlong\u001b[39m   x', 's      y']);
  });
});

describe('formatReleases', () => {
  const options = { paint: plain, nowMs: Date.parse(STARTED) + 90_000, namespaces: false };

  it('prints what is observed, not what is wanted', () => {
    const status = aStatus({ weight: 25, observedWeight: 5, step: 1 });
    expect(formatReleases([aRelease({ status })], options)).toEqual([
      'TARGET   PHASE         STEP   WEIGHT   VERDICT   AGE   RELEASE   REASON      IMAGE',
      'shop     Progressing   2/3    5%       -         90s   shop-2    Measuring   shop:2',
    ]);
  });

  it('prints "?" for a weight that cannot be read, and "-" before there is a status', () => {
    const lines = formatReleases(
      [aRelease({ status: aStatus({ observedWeight: null }) }), aRelease({})],
      options,
    );
    expect(lines[1]).toContain(' ? ');
    expect(lines[2]).toContain('Pending');
  });
});

describe('progressKey', () => {
  it('changes with what a person would want to see, and with nothing else', () => {
    const key = (change: Parameters<typeof aStatus>[0]) => progressKey(aRelease({ status: aStatus(change) }));
    expect(key({ message: 'other', observedGeneration: 9 })).toBe(key({}));
    for (const change of [
      { phase: 'Waiting' as const },
      { step: 1 },
      { observedWeight: null },
      { reason: 'NoData' as const },
    ]) {
      expect(key(change)).not.toBe(key({}));
    }
  });
});

describe('summarize', () => {
  it('gives a release without status the same shape', () => {
    expect(summarize(aRelease({}))).toMatchObject({
      phase: 'Pending',
      step: -1,
      weight: 0,
      observedWeight: null,
    });
  });
});

describe('nextSteps', () => {
  it.each(PHASES.filter((phase) => phase !== 'Promoted' && phase !== 'Aborted'))(
    'says something for %s',
    (phase) => {
      expect(nextSteps(aRelease({ status: aStatus({ phase }) })).join(' ')).not.toBe('');
    },
  );

  it('asks nothing of anybody after a promotion', () => {
    expect(nextSteps(aRelease({ status: aStatus({ phase: 'Promoted' }) }))).toEqual([]);
  });

  it('names the command that goes on from a pause by a step', () => {
    const steps = nextSteps(
      aRelease({ status: aStatus({ phase: 'Waiting', reason: 'PausedByStep' as const, step: 1 }) }),
    );
    expect(steps[0]).toBe('To continue to the next step: sluice resume deployment/shop -n default');
    expect(steps.join()).not.toContain('kubectl');
  });
});

describe('explainRelease', () => {
  const verdict = {
    result: 'fail',
    reason: 'HarmDetected' as const,
    sentence: '5.1% of requests fail, against 0.5% on stable.',
    numbers: { canaryRate: 0.051, stableRate: 0.005 },
  } as const;
  const story = (phase: Phase) =>
    explainRelease(
      aRelease({
        status: aStatus({
          phase,
          reason: 'RolledBack' as const,
          message: 'Rolled back: more errors than stable.',
          verdict,
          analysis: {
            version: 1,
            step: 0,
            gaps: 0,
            metrics: {},
            verdicts: [{ ...verdict, metric: 'error-rate', critical: true, dryRun: false }],
          },
          decisions: [
            { time: STARTED, reason: 'NewRevision' as const, sentence: 'A new template was seen.' },
            { time: '2026-01-01T00:05:00Z', reason: 'StepPassed' as const, sentence: 'Step 1 of 3 passed.' },
            {
              time: '2026-01-01T00:10:00Z',
              reason: 'HarmDetected' as const,
              sentence: verdict.sentence,
              numbers: verdict.numbers,
            },
          ],
        }),
      }),
      telling,
    );

  it('tells what happened first, in order, then the details; each sentence and number once', () => {
    expect(story('RolledBack')).toEqual([
      'Release shop-2 of deployment/shop in default: RolledBack',
      'Rolled back: more errors than stable.',
      'began 2026-01-01T00:00:00Z, took 10m',
      '',
      'What happened',
      '  00:00:00  NewRevision           A new template was seen.',
      '  00:05:00  StepPassed            Step 1 of 3 passed.',
      '  00:10:00  HarmDetected          5.1% of requests fail, against 0.5% on stable.',
      '',
      'What changed',
      '  spec.containers[app].image: shop:1 → shop:2',
      '',
      'What to do next',
      '  Users are served by the stable version; the Deployment is held with the failed template. Fix the cause and apply a new template.',
      '  To try this template again: sluice retry deployment/shop -n default',
      '  To put the stable template back: sluice revert deployment/shop -n default',
      '',
      'How it is tried',
      '  provider gateway: HTTPRoute shop split between services shop and shop-canary',
      '  steps 5% (2m to 30m) → 25% (2m to 30m) → 50% (2m to 30m)',
      '  ended at step 1 of 3: weight 0%, observed 0%',
      '',
      'What was measured',
      '  error-rate (template http): fail (HarmDetected)',
      '    canaryRate=0.051 stableRate=0.005',
      '    queries of the preset auto',
    ]);
  });

  it('keeps queries back unless they are asked for, and breaks lines between words', () => {
    const status = aStatus({ phase: 'Progressing', message: `${'word '.repeat(40)}end.` });
    const lines = explainRelease(aRelease({ status }), { ...telling, queries: false, columns: 60 });
    expect(lines.join('\n')).not.toContain('queries of');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.join(' ').match(/\bword\b/g)).toHaveLength(40);
  });

  it.each([
    { service: 'shop', says: 'canary pods beside stable ones behind service shop' },
    { service: undefined, says: 'canary pods beside stable ones' },
  ])('says that there is no router, service $service', ({ service, says }) => {
    const release = aRelease({});
    const traffic = {
      provider: 'replicas',
      routes: [],
      rewrite: {},
      ...(service === undefined ? {} : { service }),
    };
    release.spec.traffic = traffic;
    expect(explainRelease(release, telling)).toContain(`  provider replicas: ${says}`);
  });

  it('says what is split where there is no route', () => {
    const release = aRelease({});
    release.spec.traffic = {
      provider: 'linkerd',
      service: 'shop',
      canaryService: 'shop-canary',
      routes: [],
      rewrite: {},
    };
    expect(explainRelease(release, telling)).toContain(
      '  provider linkerd: requests to shop split between services shop and shop-canary',
    );
  });

  it('shows what was asked for latency and series, and the score of series judged together', () => {
    const release = aRelease({});
    const metrics = [
      { name: 'p99', latency: { canary: { buckets: 'c_bucket' }, stable: { buckets: 's_bucket' } } },
      { name: 'memory', series: { query: 'mem', compat: 'none', effect: { measure: 'cles' } } },
    ];
    const judged = { critical: true, dryRun: false, ...verdict, numbers: { score: 50 } };
    const status = aStatus({
      phase: 'Progressing',
      analysis: {
        version: 1,
        step: 0,
        gaps: 0,
        metrics: {},
        verdicts: [{ ...judged, metric: 'http score' }],
      },
    });
    const spec = { ...release.spec, analysis: [{ template: 'http', args: {}, spec: { metrics } }] };
    const lines = explainRelease({ ...release, spec, status }, telling);
    const from = lines.indexOf('What was measured');
    expect(lines.slice(from + 1)).toEqual([
      '  p99 (template http): not judged yet',
      '    canary buckets: c_bucket',
      '    stable buckets: s_bucket',
      '  memory (template http): not judged yet',
      '    query: mem',
      '  http score: fail (HarmDetected)',
      '    5.1% of requests fail, against 0.5% on stable.',
      '    score=50',
    ]);
  });

  it('shows queries as they are sent, which preset they are of and why, and whether requests fit the weight', () => {
    const release = aRelease({});
    const total = (arm: string) =>
      `requests{ns="{{namespace}}",s="{{${arm}Service}}",pod=~"{{pods}}",r=~"{{routeRegex}}"}`;
    const queries = (arm: string) => ({
      bad: `bad{d="{{deployment}}",c="{{args.code}}"}`,
      total: total(arm),
    });
    const errorRate = { canary: queries('canary'), stable: queries('stable') };
    const share = {
      version: 1,
      since: STARTED,
      wanted: 5,
      canary: 10,
      stable: 990,
      reason: 'TrafficShareTooLow' as const,
      sentence: 'The canary gets 1%.',
    } as const;
    const spec = {
      ...release.spec,
      analysis: [
        { template: 'http', args: { code: '5"' }, spec: { metrics: [{ name: 'errors', errorRate }] } },
      ],
      traffic: {
        ...release.spec.traffic!,
        preset: {
          name: 'istio',
          because: 'istio.io/gateway-controller serves HTTPRoute shop',
          requests: { canary: total('canary'), stable: total('stable') },
        },
      },
    };
    const told = { ...release, spec, status: aStatus({ phase: 'Progressing', share }) };
    const sent = (service: string) => `requests{ns="default",s="${service}",pod=~"{{pods}}",r=~"shop"}`;
    const lines = explainRelease(told, telling);
    for (const line of [
      '    canary bad: bad{d="shop-canary",c="5\\""}',
      `    canary total: ${sent('shop-canary')}`,
      '    stable bad: bad{d="shop",c="5\\""}',
      'How requests are split',
      '  preset istio: istio.io/gateway-controller serves HTTPRoute shop',
      '  TrafficShareTooLow: The canary gets 1%.',
      `  stable requests: ${sent('shop')}`,
    ])
      expect(lines).toContain(line);
    expect(explainedRelease(told)).toMatchObject({
      preset: { name: 'istio' },
      share: { reason: 'TrafficShareTooLow' as const },
      requests: { canary: sent('shop-canary'), stable: sent('shop') },
      queries: [{ template: 'http', metric: 'errors', what: 'canary bad' }, {}, {}, {}],
    });
  });

  it.each([
    { given: { weight: 5 }, reporter: 'source|waypoint' },
    { given: { weight: 0, mirror: 100 }, reporter: 'nobody' },
  ])('shows by whom requests are counted at $given', ({ given, reporter }) => {
    const release = aRelease({ status: aStatus(given) });
    const counted = 'requests{reporter=~"{{liveReporterRegex}}"}';
    const preset = { name: 'istio', because: '', requests: { canary: counted, stable: counted } };
    release.spec.traffic = { ...release.spec.traffic!, preset };
    expect(explainRelease(release, telling)).toContain(
      `  canary requests: requests{reporter=~"${reporter}"}`,
    );
  });

  it('says why no preset fits', () => {
    const release = aRelease({});
    const preset = { name: 'none', because: 'Sluice has no queries for x' };
    const spec = { ...release.spec, traffic: { ...release.spec.traffic!, preset } };
    expect(explainRelease({ ...release, spec }, telling)).toContain(
      '  no preset fits: Sluice has no queries for x',
    );
  });

  it('says that the requests are counted by the total of a template', () => {
    const release = aRelease({});
    const requests = { canary: 'all{s="{{canaryService}}"}', stable: 'all{s="{{stableService}}"}' };
    const preset = { name: 'template', because: 'of its own', metric: 'errors', requests };
    const spec = { ...release.spec, traffic: { ...release.spec.traffic!, preset } };
    const lines = explainRelease({ ...release, spec }, telling);
    expect(lines).toContain('  counted by the total of metric errors');
    expect(lines).toContain('  stable requests: all{s="shop"}');
  });

  it('can tell the story of any phase, and of a release without status', () => {
    for (const phase of PHASES) expect(story(phase).length).toBeGreaterThan(5);
    expect(explainRelease(aRelease({}), telling).join('\n')).toContain('Pending');
  });
});
