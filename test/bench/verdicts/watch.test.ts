import { expect, test } from 'vitest';
import { FAMILIES } from './families.ts';
import { PLAIN } from './errors.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

const service = { ...PLAIN, family: FAMILIES.iid, minutes: 10 };
const template = errorTemplate(service.tickSeconds);
const { history, live } = stableTraffic(service, ['watch']);
const from = learnt(template, 1, history);
const windows = canaryTraffic(service, ['watch'], 2).map((canary, tick) =>
  errorNumbers({ canary, stable: live[tick]! }),
);

test('the first window after the history counts', () => {
  const watch = new Watch(template, 1).from(from);
  const first = watch.look(windows[0]!);
  expect(first.sentence).not.toContain('judged before');
});

test('a fork goes on like its origin, and leaves it alone', () => {
  const [one, other] = [new Watch(template, 1).from(from), new Watch(template, 1).from(from)];
  for (const numbers of windows.slice(0, 3)) [one, other].forEach((watch) => watch.look(numbers));
  const fork = one.fork();
  for (const numbers of windows.slice(3)) expect(fork.look(numbers)).toEqual(other.look(numbers));
  expect(one.state).not.toEqual(fork.state);
});
