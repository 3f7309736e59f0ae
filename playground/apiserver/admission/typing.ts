/**
 * Finds the types of the expressions of an admission policy, as an API server does before it accepts the
 * policy.
 */
import { Environment } from '@marcbachmann/cel-js';
import { typeOf, wrongType } from '../cel/check.ts';
import { withLibrary } from '../cel/library.ts';
import type { Construction } from '../cel/read.ts';

export interface Declared {
  /** `params` exists */
  params: boolean;
  /** types of `variables`, by name; undefined: the policy has none */
  variables?: Record<string, string>;
  /** expressions may construct objects */
  constructs: boolean;
}

/** The type that an expression may give, as a real server writes it. */
export type Wanted = 'bool' | 'string' | 'null_type' | 'Object' | 'list(JSONPatch)';

const GROUP_VERSION = ['group', 'version'];
const strings = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'string']));

const TYPES: Record<string, Record<string, string>> = {
  'kubernetes.GroupVersionKind': strings(...GROUP_VERSION, 'kind'),
  'kubernetes.GroupVersionResource': strings(...GROUP_VERSION, 'resource'),
  'kubernetes.UserInfo': {
    ...strings('username', 'uid'),
    groups: 'list<string>',
    extra: 'map<string, list<string>>',
  },
  'kubernetes.AdmissionRequest': {
    ...strings('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
    kind: 'kubernetes.GroupVersionKind',
    resource: 'kubernetes.GroupVersionResource',
    requestKind: 'kubernetes.GroupVersionKind',
    requestResource: 'kubernetes.GroupVersionResource',
    userInfo: 'kubernetes.UserInfo',
    dryRun: 'bool',
    options: 'dyn',
  },
  'kubernetes.NamespaceMetadata': {
    ...strings('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: 'map<string, string>',
    annotations: 'map<string, string>',
    creationTimestamp: 'google.protobuf.Timestamp',
    deletionTimestamp: 'google.protobuf.Timestamp',
    deletionGracePeriodSeconds: 'int',
    generation: 'int',
    finalizers: 'list<string>',
  },
  'kubernetes.NamespaceSpec': { finalizers: 'list<string>' },
  'kubernetes.NamespaceStatus': strings('phase'),
  'kubernetes.Namespace': {
    metadata: 'kubernetes.NamespaceMetadata',
    spec: 'kubernetes.NamespaceSpec',
    status: 'kubernetes.NamespaceStatus',
  },
};

function baseEnvironment(): Environment {
  const environment = withLibrary(new Environment({ enableOptionalTypes: true }));
  for (const [name, fields] of Object.entries(TYPES)) environment.registerType(name, { fields });
  for (const name of Object.keys(TYPES)) environment.registerOperator(`${name} == null`, () => false);
  return environment
    .registerVariable('object', 'dyn')
    .registerVariable('oldObject', 'dyn')
    .registerVariable('request', 'kubernetes.AdmissionRequest')
    .registerVariable('namespaceObject', 'kubernetes.Namespace')
    .registerFunction('textOf(string): dyn', (value: string) => value)
    .registerOperator('optional == optional', () => false)
    .registerFunction('presentOf(optional): dyn', (value: unknown) => value);
}

const BASE = baseEnvironment();

/** The type that the expression gives; throws an Error that says what is wrong. */
export function typeIn(declared: Declared, source: string): string {
  const environment = BASE.clone();
  if (declared.params) environment.registerVariable('params', 'dyn');
  if (declared.variables !== undefined) {
    environment.registerType('kubernetes.variables', { fields: declared.variables });
    environment.registerVariable('variables', 'kubernetes.variables');
  }
  return typeOf(environment, source, declared.constructs ? constructions(environment) : undefined);
}

/** What is wrong with an expression, or undefined. */
export const wrongIn = (declared: Declared, source: string, wanted: readonly Wanted[]): string | undefined =>
  wrongType(() => typeIn(declared, source), wanted);

const PATCH_FIELDS: Record<string, string> = { op: 'textOf', path: 'textOf', from: 'textOf', value: 'dyn' };

/** Each constructed type becomes a type, and a function that makes one. */
function constructions(environment: Environment): Omit<Construction, 'has'> {
  const made = new Set<string>();
  const maker = (type: string): string => `new_${type.replaceAll('.', '_')}`;
  return {
    around: (type) => {
      if (!made.has(type)) {
        environment.registerType(type, { fields: {} });
        environment.registerFunction(`${maker(type)}(map): ${type}`, (value: unknown) => value);
      }
      made.add(type);
      return [`${maker(type)}(`, ')'];
    },
    field: (type, name, isOptional) => {
      const check = type === 'JSONPatch' ? PATCH_FIELDS[name] : 'dyn';
      if (check === undefined) throw new Error(`undefined field '${name}'`);
      return isOptional ? ['dyn(presentOf(', '))'] : [`${check}(`, ')'];
    },
  };
}
