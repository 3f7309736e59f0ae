import { expect, test } from 'vitest';
import { askOverRange } from './over-range.ts';
import { labelled, series, WINDOW } from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';

const PLAIN = 'requests{namespace="shop"}[315s]';
const RENAMED = 'requests{exported_namespace="shop"}[315s]';
const UNION = 'requests{namespace="shop"} or requests{exported_namespace="shop"}';

test('a union of selectors is asked for part by part, and every series of it counts once', async () => {
  const shared = { ...series('a 95:1 110:2'), labels: { __name__: 'requests', pod: 'a' } };
  const twin = { ...series('a 95:1 110:2'), labels: { pod: 'a', __name__: 'other' } };
  const more = labelled(series('b 95:7'), { pod: 'b' });
  const client = prometheus({ [PLAIN]: [shared], [RENAMED]: [twin, more] });
  expect(await askOverRange(client, UNION, WINDOW)).toEqual({ ok: true, series: [shared, more] });
  expect(client.asked).toEqual([`${PLAIN} @ 115000`, `${RENAMED} @ 115000`]);
});

test('a part that cannot be answered leaves the whole without an answer', async () => {
  const failure = { ok: false, outcome: 'timeout', sentence: 'slow' } as const;
  const client = prometheus({ [PLAIN]: ['a 95:1'], [RENAMED]: failure });
  expect(await askOverRange(client, UNION, WINDOW)).toEqual(failure);
});
