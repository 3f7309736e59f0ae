import { expect, it } from 'vitest';
import { BAD } from './objects.ts';
import { World } from './world.ts';

it('a canary Ingress is deleted without asking again and again until the cache shows it', async () => {
  const world = new World({ provider: 'nginx', replicas: 1 });
  await world.until(() => world.phase() === 'Promoted/Initial', 60_000);
  let deletions = 0;
  world.onWrite = ({ request }) => {
    if (request.method === 'DELETE' && request.url.includes('/ingresses/')) deletions += 1;
  };
  world.staleFor = 2_000;
  world.release(BAD);
  expect(await world.until(() => world.phase() === 'RolledBack/HarmDetected', 600_000)).toBe(true);
  expect(deletions).toBeGreaterThan(0);
  // the first deletion, one more at once to make sure, and one a second
  expect(deletions).toBeLessThan(6);
});
