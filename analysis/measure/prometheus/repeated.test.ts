import { expect, test } from 'vitest';
import type { Series } from './answer.ts';
import { repeatedSeries } from './repeated.ts';

const series = (labels: Record<string, string>, ...values: number[]): Series => ({
  labels: { __name__: 'requests', ...labels },
  samples: values.map((value, i) => ({ timeMs: i * 15_000, value })),
});
const A = { instance: 'a:1', job: 'one' };

test.each([
  ['two scrape jobs', series({ ...A, job: 'two' }, 100, 131), 'job one and two'],
  [
    'two Prometheus',
    series({ ...A, prometheus_replica: 'r-1' }, 100, 130),
    'prometheus_replica (none) and r-1',
  ],
])('%s of one counter are noticed', (_what, other, words) => {
  expect(repeatedSeries([series(A, 100, 130), other])).toContain(words);
});

test.each([
  ['another pod', series({ ...A, instance: 'b:1' }, 100, 130)],
  ['another code', series({ ...A, code: '500' }, 100, 130)],
  ['another number', series({ ...A, job: 'two' }, 9000, 9030)],
  ['nothing counted', series({ ...A, job: 'two' }, 0, 0)],
])('%s is not', (_what, other) => {
  expect(repeatedSeries([series(A, 100, 130), other])).toBeUndefined();
});

test('what does not say whom it was scraped from is left alone', () => {
  expect(repeatedSeries([series({ job: 'one' }, 5), series({ job: 'two' }, 5)])).toBeUndefined();
});
