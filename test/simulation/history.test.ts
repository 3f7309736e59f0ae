import { expect, it } from 'vitest';
import { GOOD } from './objects.ts';
import { World } from './world.ts';

it('a release asks what stable did before its first window, for each metric that learns from it', async () => {
  const world = new World({ policy: { analysis: [{ template: 'all-kinds' }] } });
  await world.until(() => world.phase() === 'Promoted/Initial', 60_000);
  await world.run(60_000);
  world.release(GOOD);
  const latency = () => world.newest()?.status?.analysis?.verdicts.find(({ metric }) => metric === 'latency');
  expect(await world.until(() => latency() !== undefined, 60_000)).toBe(true);
  // without a past, the first window would only show what is slow in the next one
  expect(latency()?.numbers['canaryRequests']).toBeGreaterThan(0);
  expect(latency()?.numbers['p50Limit']).toBeCloseTo(0.08, 2);
});
