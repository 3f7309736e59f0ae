import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getString } from '../../lib/json.ts';
import { connect, type Connection } from '../../kube/http.ts';
import { CEL_CASES, unlike, type CelCase } from '../support/cel-objects.ts';
import { Lane, NO_ADMISSION } from './lane.ts';

/**
 * The embedded server gets the same questions: playground/apiserver/cel/expressions.test.ts. Nothing is
 * stored.
 */
let lane: Lane;
let connection: Connection;

beforeAll(async () => {
  lane = await Lane.start();
  connection = connect({ kubeconfig: lane.kubeconfig, context: undefined, userAgent: 'sluice-lane' });
});

afterAll(async () => {
  connection.close();
  await lane.stop();
});

async function ask(given: CelCase): Promise<string | undefined> {
  const response = await connection.transport.request({
    method: 'POST',
    url: `/apis/${given.object.apiVersion}/${given.plural}?dryRun=All`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(given.object),
  });
  const answer: unknown = JSON.parse(await response.text());
  return unlike(given, response.status, getString(answer, 'message') ?? '');
}

const isMutation = ({ plural }: CelCase): boolean => plural.startsWith('mutating');

describe('what CEL is taken and refused by its types', () => {
  it.each(CEL_CASES.filter((each) => !isMutation(each)))('$name: $says', async (given) => {
    expect(await ask(given)).toBeUndefined();
  });

  describe.skipIf(NO_ADMISSION !== undefined)(`in mutations ${NO_ADMISSION ?? ''}`, () => {
    it.each(CEL_CASES.filter(isMutation))('$name: $says', async (given) => {
      expect(await ask(given)).toBeUndefined();
    });
  });
});
