/**
 * Writes builtin.json: names, JSON types and required fields of the built-in kinds, taken from the models that
 * @kubernetes/client-node generates from Kubernetes' OpenAPI document. Run it after an upgrade of that package:
 *
 *     npx node playground/apiserver/schema/generate.ts
 *
 * The API server reads the JSON instead of the package so that it starts in milliseconds.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOTS = [
  'V1ConfigMap V1Secret V1Service V1ServiceAccount V1Endpoints V1Pod V1Node V1Namespace V1PersistentVolumeClaim',
  'V1ResourceQuota V1LimitRange CoreV1Event EventsV1Event V1Deployment V1ReplicaSet V1StatefulSet V1DaemonSet V1Job',
  'V1EndpointSlice V1Ingress V1IngressClass V1NetworkPolicy V1Lease V1HorizontalPodAutoscaler V2HorizontalPodAutoscaler',
  'V1PodDisruptionBudget V1Role V1ClusterRole V1RoleBinding V1ClusterRoleBinding V1CustomResourceDefinition',
  'V1MutatingAdmissionPolicy V1MutatingAdmissionPolicyBinding V1ValidatingAdmissionPolicy',
  'V1ValidatingAdmissionPolicyBinding V1Eviction V1Scale V1TokenReview V1SelfSubjectReview V1SelfSubjectAccessReview',
  'V1SelfSubjectRulesReview V1SubjectAccessReview V1LocalSubjectAccessReview V1DeleteOptions V1PriorityClass',
]
  .join(' ')
  .split(' ');

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}
interface Model {
  getAttributeTypeMap(): Attribute[];
}
/** field name → compact type: "string", "int32", "[]Container", "{}string", "Probe"; a trailing "!" means required */
type Fields = Record<string, string>;

/** Free-form JSON in the wire format, although the models have a class for it. */
const FREE = new Set(['V1JSONSchemaProps', 'V1FieldsV1', 'RuntimeRawExtension']);
const QUANTITIES =
  /^(limits|requests|capacity|allocatable|hard|used|sizeLimit|divisor|averageValue|min|max|default|defaultRequest|maxLimitRequestRatio|allocatedResources|overhead)$/;

const models = join(
  dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')),
  'gen',
  'models',
);
const types: Record<string, Fields> = {};

const PLAIN: Record<string, string> = {
  Date: 'time',
  V1MicroTime: 'microTime',
  IntOrString: 'intOrString',
  boolean: 'boolean',
  any: 'any',
};

function compact(attribute: Attribute, queue: string[]): string {
  const { type, format, baseName } = attribute;
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `[]${compact({ ...attribute, type: list }, queue)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return `{}${compact({ ...attribute, type: map }, queue)}`;
  if (PLAIN[type] !== undefined) return PLAIN[type];
  if (type === 'number') return format === '' ? 'number' : format;
  if (type === 'string')
    return QUANTITIES.test(baseName) ? 'quantity' : format === 'byte' ? 'bytes' : 'string';
  if (FREE.has(type)) return 'any';
  queue.push(type);
  return type;
}

function requiredOf(name: string): Set<string> {
  const declaration = readFileSync(join(models, `${name}.d.ts`), 'utf8');
  return new Set([...declaration.matchAll(/^ {4}'([^']+)': /gm)].map((match) => match[1] ?? ''));
}

const queue = [...ROOTS];
for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
  if (types[name]) continue;
  const module = (await import(pathToFileURL(join(models, `${name}.js`)).href)) as Record<string, Model>;
  const model = module[name];
  if (!model) throw new Error(`${name} is not a model of @kubernetes/client-node`);
  const required = requiredOf(name);
  const fields: Fields = {};
  for (const attribute of model.getAttributeTypeMap()) {
    fields[attribute.baseName] = compact(attribute, queue) + (required.has(attribute.baseName) ? '!' : '');
  }
  types[name] = fields;
}
const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
const lines = Object.entries(sorted).map(
  ([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields)}`,
);
writeFileSync(join(import.meta.dirname, 'builtin.json'), `{\n${lines.join(',\n')}\n}\n`);
