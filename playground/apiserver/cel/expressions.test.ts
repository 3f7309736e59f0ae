/** Which expressions are accepted and which are refused for their types, as in kube-apiserver. */
import { expect, it } from 'vitest';
import { CEL_CASES, unlike } from '../../../test/support/cel-objects.ts';
import { text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { TestClient } from '../../../test/support/apiserver/client.ts';

const client = new TestClient();

it.each(CEL_CASES)('$name: $says', async (given) => {
  const object = structuredClone<object>(given.object) as JsonObject;
  const path = `/apis/${given.object.apiVersion}/${given.plural}?dryRun=All`;
  const { status, body } = await client.post(path, object);
  expect(unlike(given, status, text(body['message']))).toBeUndefined();
});
