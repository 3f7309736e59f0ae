import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import type { Series } from './answer.ts';
import { endpointOver } from './endpoint.ts';
import { measure } from '../measure.ts';
import type { Answer } from './client.ts';
import {
  errorRateMetric,
  labelled,
  series,
  template,
  VARIABLES,
  WINDOW,
} from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';

const CANARY = 'all{s="web-canary"}[315s]';
const STABLE = 'all{s="web"}[315s]';
const query = 'all{s="{{service}}"}';

const ask = async (
  answers: Record<string, (string | Series)[] | Answer>,
  configured = 'prometheus/default',
): Promise<Measurement | undefined> => {
  const share = { source: 'prometheus/default', canary: query, stable: query };
  const endpoints = new Map([[configured, endpointOver(prometheus(answers))]]);
  const [only, ...more] = await measure(
    { window: WINDOW, variables: VARIABLES, templates: [], share },
    endpoints,
  );
  expect(more).toEqual([]);
  expect(only?.metric).toBe('$share');
  return only;
};

const counted = (canary: number, stable: number) => ({ outcome: 'ok', kind: 'share', canary, stable });
const of = (pod: string, text: string) => labelled(series(text), { pod });

test('both arms are counted over the window', async () => {
  const got = await ask({ [CANARY]: ['a 95:5 110:25'], [STABLE]: ['a 95:1000 110:1400', 'b 95:0 110:7'] });
  expect(got).toMatchObject(counted(20, 407));
});

test('the counters of a metric are not asked for twice', async () => {
  const client = prometheus({ [CANARY]: ['a 95:5 110:25'], [STABLE]: ['a 95:1 110:9'] });
  const templates = [{ use: { template: 'http', args: {} }, template: template(errorRateMetric()) }];
  const share = { source: 'prometheus/default', canary: query, stable: query };
  const all = await measure(
    { window: WINDOW, variables: VARIABLES, templates, share },
    new Map([['prometheus/default', endpointOver(client)]]),
  );
  expect(all).toMatchObject([{ kind: 'counts', canary: { total: 20 } }, counted(20, 8)]);
  expect(client.asked).toEqual(['{__name__=~"all|bad",s=~"web|web-canary"}[45s] @ 115000']);
});

describe('queries of a template', () => {
  const total = 'seen{s="{{service}}",p="{{args.path}}"}';
  const share = { source: 'prometheus/default', canary: total, stable: total, metric: 'errors' };
  const metric: Metric = { ...errorRateMetric(), name: 'errors' };
  const bound: BoundTemplate = {
    use: { template: 'http', args: { path: '/cart' } },
    template: { ...template(metric), args: [{ name: 'path' }] },
  };

  const asked = async (templates: BoundTemplate[]): Promise<string[]> => {
    const client = prometheus({});
    await measure(
      { window: WINDOW, variables: VARIABLES, templates, share },
      new Map([['prometheus/default', endpointOver(client)]]),
    );
    return client.asked.filter((text) => text.includes('/cart'));
  };

  test('are asked with its arguments', async () => {
    expect(await asked([bound])).toEqual([
      'seen{s=~"web|web-canary",p="/cart"}[45s] @ 115000',
      'seen{s=~"web|web-canary",p="/cart"}[315s] @ 115000',
    ]);
  });

  test('read no other namespace than its metric may', async () => {
    const fence = { label: 'namespace', value: 'shop', metrics: ['errors'] };
    const all = await asked([{ ...bound, fence }]);
    expect(all).toHaveLength(2);
    for (const text of all) expect(text).toContain('namespace="shop"');
  });

  test('prove nothing where a sum of theirs fell and rises again', async () => {
    const sum = 'sum(all{s="{{service}}"})';
    const fell = ['a 85:900 95:100 105:900'];
    const client = prometheus({
      '(sum(all{s="web-canary"}))[315s:5s]': fell,
      '(sum(all{s="web"}))[315s:5s]': fell,
    });
    const [only] = await measure(
      { window: WINDOW, variables: VARIABLES, templates: [], share: { ...share, canary: sum, stable: sum } },
      new Map([['prometheus/default', endpointOver(client)]]),
    );
    expect(only).toMatchObject({
      outcome: 'noData',
      sentence: expect.stringMatching(/^canary requests: the value fell/) as string,
    });
  });
});

describe('where somebody in front of the pods counts', () => {
  test('a canary without series got nothing', async () => {
    expect(await ask({ [STABLE]: ['a 95:1000 110:1400'] })).toMatchObject(counted(0, 400));
  });

  test.each([
    ['stable has no series', { [CANARY]: ['a 95:1 110:2'] }, 'knows no requests of stable'],
    ['nobody was scraped', { [CANARY]: ['a 90:1'], [STABLE]: ['a 90:1 95:2'] }, 'no new sample of stable'],
    [
      'the canary’s series end',
      { [CANARY]: ['a 90:1'], [STABLE]: ['a 90:1 110:2'] },
      'no new sample of the canary',
    ],
  ])('%s: nothing is known', async (_, answers, words) => {
    const got = await ask(answers);
    expect(got).toMatchObject({ outcome: 'noData', sentence: expect.stringContaining(words) as string });
  });
});

describe('where the pods count themselves', () => {
  const stable = [of('web-1', 'a 95:0 110:40'), of('web-2', 'b 95:0 110:60')];

  test('every pod is heard of', async () => {
    const got = await ask({ [CANARY]: [of('web-canary-1', 'c 95:0 110:5')], [STABLE]: stable });
    expect(got).toMatchObject(counted(5, 100));
  });

  test.each([
    ['the canary’s pod is silent', [], stable],
    ['a stable pod is silent', [of('web-canary-1', 'c 95:0 110:5')], stable.slice(1)],
  ])('%s: it may not be scraped', async (_, mine, theirs) => {
    const got = await ask({ [CANARY]: mine, [STABLE]: theirs });
    expect(got).toMatchObject({
      outcome: 'noData',
      sentence: expect.stringContaining('1 of 3 pods') as string,
    });
  });
});

test('what Prometheus cannot answer has no numbers', async () => {
  const failure = { ok: false, outcome: 'timeout', sentence: 'slow' } as const;
  expect(await ask({ [CANARY]: failure, [STABLE]: ['a 95:1 110:2'] })).toMatchObject({ outcome: 'timeout' });
  expect(await ask({ [STABLE]: ['a 95:NaN 110:2'] })).toMatchObject({ outcome: 'nan' });
  expect(await ask({}, 'other')).toMatchObject({ outcome: 'serverError' });
});
