import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import type { Clock } from '../../lib/clock.ts';
import { arrayOrEmpty, get, getObject, getObjects, getString, type JsonObject } from '../../lib/json.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';

export const objectsIn = (text: string): KubeObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);

const idOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

/** The problems of manifests that are applied together, as far as they can be found without a cluster. */
export async function problemsOf(objects: readonly KubeObject[], clock: Clock): Promise<string[]> {
  return [
    ...twice(objects),
    ...objects.flatMap((object) => unbound(object, objects)),
    ...objects.flatMap(unrestricted),
    ...(await refused(objects, clock)),
  ];
}

function twice(objects: readonly KubeObject[]): string[] {
  const ids = objects.map(idOf);
  return ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `${id} is there twice`);
}

/** A binding without its role or account grants nothing. Roles for targets may exist already. */
function unbound(object: KubeObject, objects: readonly KubeObject[]): string[] {
  if (!object.kind.endsWith('RoleBinding')) return [];
  const [kind = '', name = ''] = ['kind', 'name'].map((field) => getString(object, 'roleRef', field));
  const roles = objects.filter((each) => each.kind === 'ClusterRole' || each.kind === 'Role');
  const has = roles.some((each) => each.kind === kind && each.metadata.name === name);
  return has || roles.length === 0 ? [] : [`${idOf(object)} binds ${kind} ${name}, which is not there`];
}

/** What a workload's pods violate of the restricted standard of Pod Security. */
export function unrestricted(object: KubeObject): string[] {
  const pod = getObject(object.spec, 'template', 'spec');
  if (pod === undefined) return [];
  const containers = ['containers', 'initContainers'].flatMap((field) => getObjects(pod, field));
  const says = (what: string): string =>
    `${idOf(object)}: the restricted standard of Pod Security wants ${what}`;
  const rules: [boolean, string][] = [
    [
      ['hostNetwork', 'hostPID', 'hostIPC'].every((field) => pod[field] !== true),
      'no namespaces of the host',
    ],
    [getObjects(pod, 'volumes').every((volume) => !('hostPath' in volume)), 'no hostPath'],
    [containers.every((each) => isBoth(pod, each, 'runAsNonRoot', true)), 'runAsNonRoot'],
    [containers.every((each) => seccomp(each) ?? seccomp(pod)), 'seccompProfile RuntimeDefault'],
    [
      containers.every((each) => get(each, 'securityContext', 'allowPrivilegeEscalation') === false),
      'allowPrivilegeEscalation: false',
    ],
    [
      containers.every((each) => get(each, 'securityContext', 'privileged') !== true),
      'no privileged container',
    ],
    [containers.every(dropsAll), 'capabilities: drop ALL, and add none'],
    [
      containers.every((each) => getObjects(each, 'ports').every((port) => !('hostPort' in port))),
      'no hostPort',
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, what]) => says(what));
}

const isBoth = (pod: JsonObject, container: JsonObject, field: string, value: boolean): boolean =>
  (get(container, 'securityContext', field) ?? get(pod, 'securityContext', field)) === value;

function seccomp(of: JsonObject): boolean | undefined {
  const type = getString(of, 'securityContext', 'seccompProfile', 'type');
  return type === undefined ? undefined : type === 'RuntimeDefault' || type === 'Localhost';
}

function dropsAll(container: JsonObject): boolean {
  const capabilities = getObject(container, 'securityContext', 'capabilities');
  const added = arrayOrEmpty(capabilities, 'add').filter((each) => each !== 'NET_BIND_SERVICE');
  return arrayOrEmpty(capabilities, 'drop').includes('ALL') && added.length === 0;
}

/**
 * The embedded API server's complaints about them, including unknown fields. Skips kinds that it does not
 * serve, and objects that are applied to the namespace of the command.
 */
const NOT_SERVED = [404, 405];

async function refused(objects: readonly KubeObject[], clock: Clock): Promise<string[]> {
  const server = createApiServer({ clock });
  const create = async (object: KubeObject): Promise<string[]> => {
    const answer = await server.handle({
      method: 'POST',
      url: `${pathOf(object)}?fieldValidation=Strict`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    if (answer.status < 300 || NOT_SERVED.includes(answer.status)) return [];
    return [`${idOf(object)}: ${typeof answer.body === 'string' ? messageOf(answer.body) : ''}`];
  };
  const problems: string[] = [];
  for (const name of new Set(objects.map(({ metadata }) => metadata.namespace)))
    if (name !== undefined && !objects.some((each) => idOf(each) === `Namespace ${name}`))
      await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const object of objects.toSorted((a, b) => rank(a) - rank(b)))
    problems.push(...(await create(object)));
  server.close();
  return problems;
}

/** Objects that others need come first. */
const rank = ({ kind }: KubeObject): number =>
  kind === 'Namespace' || kind === 'CustomResourceDefinition' ? 0 : 1;

function messageOf(body: string): string {
  return getString(JSON.parse(body) as JsonObject, 'message') ?? body;
}

function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  return metadata.namespace === undefined
    ? `${root}/${plural}`
    : `${root}/namespaces/${metadata.namespace}/${plural}`;
}
