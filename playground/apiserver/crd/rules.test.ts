/** How the rules and patterns of a definition run. */
import { beforeEach, describe, expect, it } from 'vitest';
import { text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { TestClient } from '../../../test/support/apiserver/client.ts';

const string = { type: 'string', maxLength: 64 };
const match = {
  type: 'object',
  properties: { method: { type: 'object', properties: { service: string, method: string } } },
};
const spec: JsonObject = {
  type: 'object',
  properties: {
    header: { ...string, pattern: '^[!-~]+([\\t ]?[!-~]+)*$' },
    word: { ...string, pattern: '^(?i)[[:alpha:]]+$' },
    namespace: string,
    until: { type: 'string', format: 'date-time' },
    matches: { type: 'array', maxItems: 4, items: match },
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(self.__namespace__) || self.__namespace__.matches('^[a-z](?i)[a-z]*$')",
      message: 'a name, please',
    },
    {
      rule: "!has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')",
      messageExpression: "'it is over since ' + string(self.until.getFullYear())",
    },
    {
      rule: '!has(self.matches) || self.matches.size() == 0 || has(self.matches[0].method) && self.matches.all(m, !has(m.method) || has(m.method.service) || has(m.method.method))',
      message: 'One or both of service or method must be specified',
    },
  ],
};

const definition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
      },
    ],
  },
};

let client: TestClient;
beforeEach(async () => {
  client = new TestClient();
  const made = await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  expect(made.status).toBe(201);
});

async function answer(fields: JsonObject): Promise<string> {
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec: fields };
  const { status, body } = await client.post('/apis/example.com/v1/namespaces/default/things', thing);
  return `${status} ${text(body['message'])}`;
}

describe('an object of a definition with rules', () => {
  it.each<JsonObject>([
    { header: 'a b\tc' },
    { word: 'Straße'.slice(0, 3) },
    { namespace: 'aBC' },
    { until: '2027-01-01T00:00:00Z' },
    { matches: [{ method: { service: 'foo.Bar', method: 'Login' } }, { method: { method: 'Logout' } }, {}] },
  ])('is taken: %j', async (fields) => {
    expect(await answer(fields)).toMatch(/^201 /);
  });

  it.each<[JsonObject, RegExp]>([
    [{ header: '^(.*;[ \\t]*)?release=x  y' }, /spec\.header in body should match '\^\[!-~\]/],
    [{ word: 'a1' }, /spec\.word in body should match/],
    [{ namespace: 'ABC' }, /a name, please/],
    [{ until: '2025-01-01T00:00:00Z' }, /it is over since 2025/],
    [{ matches: [{}] }, /One or both of service or method/],
    [{ matches: [{ method: {} }] }, /One or both of service or method/],
  ])('is refused: %j', async (fields, why) => {
    const said = await answer(fields);
    expect(said).toMatch(/^422 /);
    expect(said).toMatch(why);
  });
});
