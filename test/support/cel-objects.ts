import { readFileSync } from 'node:fs';
import { getObject, isObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

type Field =
  | 'validation'
  | 'condition'
  | 'messageExpression'
  | 'auditAnnotation'
  | 'variable'
  | 'applyConfiguration'
  | 'jsonPatch';

interface PolicyExpressions {
  field: Field;
  variables?: Record<string, string>;
  /** the policy has a paramKind */
  params?: true;
  /** a part of the refusal; absent: they are accepted */
  says?: string;
  expressions: readonly string[];
}

interface DefinitionExpressions {
  /** a path in SCHEMA */
  at: string;
  field: 'rule' | 'messageExpression';
  optionalOldSelf?: true;
  says?: string;
  expressions: readonly string[];
}

/**
 * Expressions, and the answer of kube-apiserver 1.36 to a policy or a definition that contains them. The
 * embedded server and a real one are tested with the same table.
 */
const TABLE = JSON.parse(readFileSync(new URL('fixtures/cel.json', import.meta.url), 'utf8')) as {
  policies: PolicyExpressions[];
  definitions: DefinitionExpressions[];
};

/** An object with one expression, and the API server's answer; `says` undefined: accepted. */
export interface CelCase {
  name: string;
  object: KubeObject;
  plural: string;
  says: string | undefined;
}

const RULES = [
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
];

const MUTATIONS: Record<string, (expression: string) => JsonObject> = {
  applyConfiguration: (expression) => ({
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression },
  }),
  jsonPatch: (expression) => ({ patchType: 'JSONPatch', jsonPatch: { expression } }),
};

function policyWith(entry: PolicyExpressions, expression: string): JsonObject {
  const { field } = entry;
  const variables = Object.entries(entry.variables ?? {}).map(([name, of]) => ({ name, expression: of }));
  if (field === 'variable') variables.push({ name: 'a', expression });
  const mutation = MUTATIONS[field];
  const validation = field === 'validation' ? { expression } : { expression: 'true' };
  return {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: RULES },
    ...(entry.params ? { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } : {}),
    ...(variables.length > 0 ? { variables } : {}),
    ...(field === 'condition' ? { matchConditions: [{ name: 'a', expression }] } : {}),
    ...(mutation === undefined
      ? {
          validations: [
            { ...validation, ...(field === 'messageExpression' ? { messageExpression: expression } : {}) },
          ],
          ...(field === 'auditAnnotation'
            ? { auditAnnotations: [{ key: 'a', valueExpression: expression }] }
            : {}),
        }
      : { reinvocationPolicy: 'Never', mutations: [mutation(expression)] }),
  };
}

const text = { type: 'string', maxLength: 5 };
const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    text,
    count: { type: 'integer' },
    share: { type: 'number' },
    on: { type: 'boolean' },
    list: { type: 'array', maxItems: 5, items: text },
    parts: {
      type: 'array',
      maxItems: 5,
      items: { type: 'object', properties: { name: text, weight: { type: 'integer' } } },
    },
    labels: { type: 'object', maxProperties: 5, additionalProperties: text },
    port: { 'x-kubernetes-int-or-string': true },
    at: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    free: { 'x-kubernetes-preserve-unknown-fields': true },
    open: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'string' } },
    },
    namespace: { type: 'string' },
    'with-dash': { type: 'string' },
    a__b: { type: 'string' },
    pod: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    nil: { type: 'string', nullable: true },
  },
};

function definitionWith(
  { at, field, optionalOldSelf }: DefinitionExpressions,
  expression: string,
): JsonObject {
  const status: JsonObject = { type: 'object', properties: { x: { type: 'integer' } } };
  const schema = structuredClone<JsonObject>({ type: 'object', properties: { spec: SCHEMA, status } });
  let node: JsonObject = schema;
  for (const part of at.split('.').filter((each) => each !== '')) {
    const inner = part === '[]' ? node['items'] : getObject(node, 'properties', part);
    if (isObject(inner)) node = inner;
  }
  const rule = field === 'rule' ? { rule: expression } : { rule: 'true', messageExpression: expression };
  node['x-kubernetes-validations'] = [{ ...rule, ...(optionalOldSelf ? { optionalOldSelf } : {}) }];
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }];
  return { group: 'cel.example.com', scope: 'Namespaced', names, versions };
}

/** Every expression of the table, in an object of its own. */
export const CEL_CASES: readonly CelCase[] = [
  ...TABLE.policies.flatMap((entry) => entry.expressions.map((expression) => policyCase(entry, expression))),
  ...TABLE.definitions.flatMap((entry) =>
    entry.expressions.map((expression) => definitionCase(entry, expression)),
  ),
];

function policyCase(entry: PolicyExpressions, expression: string): CelCase {
  const kind = entry.field in MUTATIONS ? 'Mutating' : 'Validating';
  const variables = entry.variables === undefined ? '' : ` with ${JSON.stringify(entry.variables)}`;
  return {
    name: `${entry.field} ${JSON.stringify(expression)}${variables}`,
    plural: `${kind.toLowerCase()}admissionpolicies`,
    object: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}AdmissionPolicy`,
      metadata: { name: 'cel.example.com' },
      spec: policyWith(entry, expression),
    },
    says: entry.says,
  };
}

function definitionCase(entry: DefinitionExpressions, expression: string): CelCase {
  return {
    name: `${entry.field} at "${entry.at}" ${JSON.stringify(expression)}`,
    plural: 'customresourcedefinitions',
    object: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.cel.example.com' },
      spec: definitionWith(entry, expression),
    },
    says: entry.says,
  };
}

/** How the server's answer differs from the table; empty if it does not. */
export function unlike({ says }: CelCase, code: number, message: string): string | undefined {
  const isSo = says === undefined ? code === 201 : code === 422 && message.includes(says);
  return isSo ? undefined : `${code} ${message}, wanted ${says ?? '201'}`;
}
