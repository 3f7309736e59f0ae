import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lane } from './lane.ts';

const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
let lane: Lane;

beforeAll(async () => {
  lane = await Lane.start();
});

afterAll(() => lane.stop());

describe('what is shipped', () => {
  it.each(['admission', 'pause'] as const)('is installed for the hold by %s', async (hold) => {
    await lane.install(hold);
  });

  it('has samples that the server takes', async () => {
    for (const file of readdirSync(join(MANIFESTS, 'samples')))
      expect(await lane.kubectl(['apply', '-f', join(MANIFESTS, 'samples', file)]), file).toMatchObject({
        code: 0,
      });
  });
});
