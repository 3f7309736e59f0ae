/** How policies run, whatever they say. */
import { describe, expect, it } from 'vitest';
import { get, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { causeFields, configMap, CONFIGMAPS, TestClient } from '../../../test/support/apiserver/client.ts';
import type { Answer } from '../../../test/support/apiserver/client.ts';
import { install } from '../../../test/support/apiserver/policies.ts';

const API = 'admissionregistration.k8s.io/v1';
const RULES = [
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
];

const policy = (kind: 'Mutating' | 'Validating', name: string, spec: JsonObject): JsonObject => ({
  apiVersion: API,
  kind: `${kind}AdmissionPolicy`,
  metadata: { name },
  spec: { matchConstraints: { resourceRules: RULES }, ...spec },
});
const binding = (kind: 'Mutating' | 'Validating', name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: API,
  kind: `${kind}AdmissionPolicyBinding`,
  metadata: { name },
  spec: { policyName: name, ...(kind === 'Validating' ? { validationActions: ['Deny'] } : {}), ...spec },
});
const mutating = (name: string, expression: string, spec: JsonObject = {}): JsonObject[] => [
  policy('Mutating', name, {
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    ...spec,
  }),
  binding('Mutating', name),
];
const validating = (expression: string, spec: JsonObject = {}, bound: JsonObject = {}): JsonObject[] => [
  policy('Validating', 'check', { validations: [{ expression }], ...spec }),
  binding('Validating', 'check', bound),
];

async function given(...objects: JsonObject[]): Promise<TestClient> {
  const client = new TestClient();
  await install(client, ...objects);
  return client;
}
const data = ({ body }: Answer): Json | undefined => body['data'];
const message = ({ body }: Answer): string => text(body['message']);

describe('mutating policies', () => {
  it('run in order of name, each on what the one before made', async () => {
    const client = await given(
      ...mutating('b', "Object{data: {'b': object.data.a}}"),
      ...mutating('a', "Object{data: {'a': 'from a'}}"),
    );
    expect(data(await client.post(CONFIGMAPS, configMap('x')))).toEqual({ a: 'from a', b: 'from a' });
  });

  it('run once more, if they asked for it, after a later one has changed the object', async () => {
    const seen = (name: string, spec: JsonObject): JsonObject[] =>
      mutating(name, `Object{data: {'${name}': string(object.data.size())}}`, spec);
    const client = await given(
      ...seen('a', { reinvocationPolicy: 'IfNeeded' }),
      ...seen('b', { reinvocationPolicy: 'Never' }),
      ...mutating('c', "Object{data: {'c': '-'}}"),
    );
    expect(data(await client.post(CONFIGMAPS, configMap('x', { x: '' })))).toMatchObject({ a: '4', b: '2' });
  });

  it('patch with JSON Patch, use variables and the namespace, and run before validation', async () => {
    const spec = {
      variables: [{ name: 'where', expression: 'namespaceObject.metadata.name + "!"' }],
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data/ns', value: variables.where}]" },
        },
      ],
    };
    const client = await given(policy('Mutating', 'm', spec), binding('Mutating', 'm'));
    expect(data(await client.post(CONFIGMAPS, configMap('x', { a: '' })))).toEqual({ a: '', ns: 'default!' });
    const bad = await given(...mutating('m', "Object{data: {'not a key': ''}}"));
    expect((await bad.post(CONFIGMAPS, configMap('x'))).status).toBe(422);
  });

  it('refuse the write when they fail, unless they may be ignored', async () => {
    for (const [failurePolicy, want] of [
      ['Fail', 403],
      ['Ignore', 201],
    ] as const) {
      const client = await given(...mutating('m', 'Object{data: object.nothing}', { failurePolicy }));
      expect((await client.post(CONFIGMAPS, configMap('x'))).status).toBe(want);
      const other = await given(...mutating('m', 'Object{nofield: 1}', { failurePolicy }));
      expect((await other.post(CONFIGMAPS, configMap('x'))).status).toBe(want);
    }
  });
});

describe('validating policies', () => {
  it('deny with the status of their reason', async () => {
    const expression = 'object.data.size() == 0';
    for (const [reason, want] of [
      [undefined, 422],
      ['Forbidden', 403],
      ['Unauthorized', 401],
    ] as const) {
      const validations = [{ expression, message: 'no data, please', ...(reason ? { reason } : {}) }];
      const client = await given(...validating('true', { validations }));
      const answer = await client.post(CONFIGMAPS, configMap('x', { a: '' }));
      expect(answer.status).toBe(want);
      expect(message(answer)).toBe(
        `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'check' with binding 'check' denied request: no data, please`,
      );
    }
  });

  it('warn instead, and do nothing for an audit', async () => {
    for (const [action, want] of [
      ['Warn', /Validation failed for ValidatingAdmissionPolicy 'check' .*failed expression: false/],
      ['Audit', /^$/],
    ] as const) {
      const client = await given(...validating('false', {}, { validationActions: [action] }));
      const answer = await client.post(CONFIGMAPS, configMap('x'));
      expect(answer.status).toBe(201);
      expect(answer.headers['warning'] ?? '').toMatch(want);
    }
  });

  it('fall back to the message when its expression fails', async () => {
    const validations = [
      { expression: 'false', message: 'plain', messageExpression: 'string(object.nothing)' },
    ];
    const client = await given(...validating('true', { validations }));
    expect(message(await client.post(CONFIGMAPS, configMap('x')))).toMatch(/: plain$/);
  });

  it('skip a write if one condition is false, though another fails', async () => {
    const conditions = (expression: string): JsonObject => ({
      matchConditions: [
        { name: 'broken', expression: 'object.nothing == 1' },
        { name: 'other', expression },
      ],
    });
    const skipped = await given(...validating('false', conditions('false')));
    expect((await skipped.post(CONFIGMAPS, configMap('x'))).status).toBe(201);
    const failed = await given(...validating('true', conditions('true')));
    expect((await failed.post(CONFIGMAPS, configMap('x'))).status).toBe(422);
  });

  it('see who asks, how, and for what', async () => {
    const expression =
      "request.userInfo.username == 'ann' && 'team' in request.userInfo.groups && request.operation == 'CREATE'" +
      " && request.name == 'x' && request.namespace == 'default' && request.resource.resource == 'configmaps'" +
      " && request.options.fieldManager == 'ci' && oldObject == null && !request.dryRun";
    const client = await given(...validating(expression));
    const url = `${CONFIGMAPS}?fieldManager=ci`;
    expect((await client.post(url, configMap('x'))).status).toBe(422);
    client.headers = { 'impersonate-user': 'ann', 'impersonate-group': 'team' };
    expect((await client.post(url, configMap('x'))).status).toBe(201);
  });

  it('run on deletions and on in-process writes', async () => {
    const rules = [{ ...RULES[0], operations: ['DELETE'] }];
    const spec = { matchConstraints: { resourceRules: rules } };
    const client = await given(...validating("oldObject.?data.?keep.orValue('') == ''", spec));
    await client.post(CONFIGMAPS, configMap('x', { keep: 'yes' }));
    expect((await client.delete(`${CONFIGMAPS}/x`)).status).toBe(422);
    expect(() => client.server.store.delete('configmaps', 'default', 'x')).toThrow(/denied request/);
    await client.patch(`${CONFIGMAPS}/x`, 'merge', { data: null });
    expect((await client.delete(`${CONFIGMAPS}/x`)).status).toBe(200);
  });

  const labelled = (key: string): JsonObject => ({ matchLabels: { [key]: 'yes' } });
  const where: { name: string; constraints?: JsonObject; resources?: JsonObject; want: number }[] = [
    {
      name: 'a namespaceSelector of the policy',
      constraints: { namespaceSelector: labelled('ruled') },
      want: 201,
    },
    {
      name: 'a namespaceSelector of the binding',
      resources: { namespaceSelector: labelled('ruled') },
      want: 201,
    },
    { name: 'an objectSelector that matches', constraints: { objectSelector: labelled('on') }, want: 422 },
    { name: 'an objectSelector that does not', constraints: { objectSelector: labelled('off') }, want: 201 },
    { name: 'an excluded resource', constraints: { excludeResourceRules: RULES }, want: 201 },
    {
      name: 'a rule of the binding for something else',
      resources: { resourceRules: [{ ...RULES[0], resources: ['secrets'] }] },
      want: 201,
    },
  ];
  for (const { name, constraints = {}, resources = {}, want } of where) {
    it(`heed ${name}`, async () => {
      const matchConstraints = { resourceRules: RULES, ...constraints };
      const client = await given(...validating('false', { matchConstraints }, { matchResources: resources }));
      expect((await client.post(CONFIGMAPS, configMap('x', {}, { labels: { on: 'yes' } }))).status).toBe(
        want,
      );
    });
  }

  it('do not run without a binding', async () => {
    const client = await given(policy('Validating', 'check', { validations: [{ expression: 'false' }] }));
    expect((await client.post(CONFIGMAPS, configMap('x'))).status).toBe(201);
  });

  it('run once for each of their parameters', async () => {
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [
        {
          expression: 'object.metadata.name != params.data.taken',
          messageExpression: 'string(params.metadata.name)',
        },
      ],
    };
    const selector = { matchLabels: { param: 'yes' } };
    for (const [parameterNotFoundAction, want] of [
      ['Allow', 201],
      ['Deny', 422],
    ] as const) {
      const client = await given(
        ...validating('true', spec, { paramRef: { selector, parameterNotFoundAction } }),
      );
      expect((await client.post(CONFIGMAPS, configMap('first'))).status).toBe(want);
    }
    const client = await given(
      ...validating('true', spec, { paramRef: { selector, parameterNotFoundAction: 'Allow' } }),
    );
    await client.post(CONFIGMAPS, configMap('p1', { taken: 'a' }, { labels: { param: 'yes' } }));
    await client.post(CONFIGMAPS, configMap('p2', { taken: 'b' }, { labels: { param: 'yes' } }));
    expect(message(await client.post(CONFIGMAPS, configMap('b')))).toMatch(/: p2$/);
    expect((await client.post(CONFIGMAPS, configMap('c'))).status).toBe(201);
  });
});

describe('a policy', () => {
  it('that does not compile is refused, with its place', async () => {
    const client = new TestClient();
    const bad = policy('Validating', 'check', {
      matchConditions: [{ name: 'a', expression: 'object.(' }],
      validations: [{ expression: 'nobody == 1' }],
    });
    const answer = await client.post(`/apis/${API}/validatingadmissionpolicies`, bad);
    expect(answer.status).toBe(422);
    expect(causeFields(answer)).toEqual([
      'spec.matchConditions[0].expression',
      'spec.validations[0].expression',
    ]);
  });

  it('gets the defaults of the real server', async () => {
    const client = await given(...mutating('m', 'Object{}'));
    const { body } = await client.get(`/apis/${API}/mutatingadmissionpolicies/m`);
    expect(body['spec']).toMatchObject({ failurePolicy: 'Fail', reinvocationPolicy: 'Never' });
    const constraints = get(body, 'spec', 'matchConstraints');
    expect(constraints).toMatchObject({
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
    });
  });

  it('can be removed whatever policies say', async () => {
    const all = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }];
    const client = await given(...validating('false', { matchConstraints: { resourceRules: all } }));
    expect((await client.post(CONFIGMAPS, configMap('x'))).status).toBe(422);
    expect((await client.delete(`/apis/${API}/validatingadmissionpolicies/check`)).status).toBe(200);
    expect((await client.post(CONFIGMAPS, configMap('x'))).status).toBe(201);
  });
});
