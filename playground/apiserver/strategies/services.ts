import type { Causes } from '../errors.ts';
import { child, equal, fill, get, list, object, objects, text, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import type { Env } from '../registry/kind.ts';
import { AGE, column, labelsCell, NAME } from './columns.ts';
import { serviceName } from './names.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function defaults(source: JsonObject): void {
  const spec = child(source, 'spec');
  fill(spec, 'type', 'ClusterIP');
  fill(spec, 'sessionAffinity', 'None');
  if (spec['sessionAffinity'] === 'ClientIP') {
    fill(child(child(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', 10800);
  }
  for (const port of objects(spec['ports'])) {
    fill(port, 'protocol', 'TCP');
    if (spec['type'] !== 'ExternalName') fill(port, 'targetPort', port['port'] ?? 0);
  }
  if (spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer')
    fill(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec['type'] === 'LoadBalancer') fill(spec, 'allocateLoadBalancerNodePorts', true);
  if (spec['type'] !== 'ExternalName') fill(spec, 'internalTrafficPolicy', 'Cluster');
  fill(child(source, 'status'), 'loadBalancer', {});
  for (const entry of objects(get(source, 'status', 'loadBalancer', 'ingress'))) {
    if (entry['ip'] !== undefined) fill(entry, 'ipMode', 'VIP');
  }
}

/**
 * Sets address, families and node ports if they are missing, and removes those that the type does not use.
 */
function allocate(source: JsonObject, env: Env): void {
  const spec = child(source, 'spec');
  const { type } = spec;
  if (type === 'ExternalName' || !TYPES.includes(text(type))) return;
  fill(spec, 'clusterIP', freeAddress(env));
  fill(spec, 'clusterIPs', [spec['clusterIP'] ?? '']);
  const selectorless = spec['clusterIP'] === 'None' && Object.keys(object(spec['selector'])).length === 0;
  fill(spec, 'ipFamilyPolicy', selectorless ? 'RequireDualStack' : 'SingleStack');
  fill(spec, 'ipFamilies', selectorless ? ['IPv4', 'IPv6'] : ['IPv4']);
  if (type === 'ClusterIP') return;
  const taken = new Set(
    env.list('services').flatMap((other) => objects(get(other, 'spec', 'ports')).map((p) => p['nodePort'])),
  );
  for (const port of objects(spec['ports'])) {
    if (port['nodePort'] === undefined) port['nodePort'] = freePort(env, taken);
    taken.add(port['nodePort']);
  }
}

function freeAddress(env: Env): string {
  const taken = new Set(env.list('services').map((other) => text(get(other, 'spec', 'clusterIP'))));
  for (;;) {
    const n = 2 + Math.floor(env.random() * 65_000);
    const address = `10.96.${n >> 8}.${n & 255}`;
    if (!taken.has(address)) return address;
  }
}

function freePort(env: Env, taken: Set<unknown>): number {
  for (;;) {
    const port = 30_000 + Math.floor(env.random() * 2768);
    if (!taken.has(port)) return port;
  }
}

/** A replacement without the allocated values keeps them. */
function prepareUpdate(next: JsonObject, old: JsonObject, env: Env): void {
  const spec = child(next, 'spec');
  const before = object(old['spec']);
  if (spec['type'] !== 'ExternalName' && before['type'] !== 'ExternalName') {
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
      if (before[name] !== undefined) fill(spec, name, before[name]);
    }
    if (text(get(next, 'spec', 'clusterIP')) !== text(before['clusterIP']))
      spec['clusterIPs'] = [spec['clusterIP'] ?? ''];
  }
  for (const port of objects(spec['ports'])) {
    const same = objects(before['ports']).find(
      (p) => p['port'] === port['port'] && p['protocol'] === port['protocol'],
    );
    if (same?.['nodePort'] !== undefined && spec['type'] !== 'ClusterIP')
      fill(port, 'nodePort', same['nodePort']);
  }
  allocate(next, env);
}

function validate(source: JsonObject, causes: Causes): void {
  const spec = object(source['spec']);
  const ports = objects(spec['ports']);
  const type = text(spec['type']);
  if (ports.length === 0 && type !== 'ExternalName' && spec['clusterIP'] !== 'None')
    causes.required('spec.ports');
  if (!TYPES.includes(type)) causes.unsupported('spec.type', type, TYPES);
  if (type === 'ExternalName' && text(spec['externalName']) === '') causes.required('spec.externalName');
  const seen = new Set<string>();
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const name = text(port['name']);
    if (ports.length > 1 && name === '') causes.required(`spec.ports[${i}].name`);
    else if (name !== '' && names.has(name)) causes.duplicate(`spec.ports[${i}].name`, name);
    names.add(name);
    const value = Number(port['port'] ?? 0);
    if (value < 1 || value > 65535)
      causes.invalid(`spec.ports[${i}].port`, value, 'must be between 1 and 65535, inclusive');
    const key = `${value}/${text(port['protocol'])}`;
    if (seen.has(key)) causes.duplicate(`spec.ports[${i}]`, port);
    seen.add(key);
  });
}

function validateUpdate(next: JsonObject, causes: Causes, old: JsonObject): void {
  if (get(next, 'spec', 'type') === 'ExternalName' || get(old, 'spec', 'type') === 'ExternalName') return;
  const addresses = get(next, 'spec', 'clusterIPs');
  if (!equal(get(next, 'spec', 'clusterIP'), get(old, 'spec', 'clusterIP'))) {
    causes.invalid('spec.clusterIPs[0]', addresses, 'may not change once set');
  }
}

function externalCell(service: JsonObject): string {
  const spec = object(service['spec']);
  const given = list(spec['externalIPs']).map(String);
  if (spec['type'] === 'ExternalName') return text(spec['externalName']);
  if (spec['type'] !== 'LoadBalancer') return given.length ? given.join(',') : '<none>';
  const ingress = objects(get(service, 'status', 'loadBalancer', 'ingress')).map(
    (i) => text(i['ip']) || text(i['hostname']),
  );
  return [...ingress, ...given].join(',') || '<pending>';
}

function portsCell(service: JsonObject): string {
  const all = objects(get(service, 'spec', 'ports')).map((port) => {
    const node = port['nodePort'] === undefined ? '' : `:${word(port['nodePort'])}`;
    return `${word(port['port'])}${node}/${text(port['protocol'])}`;
  });
  return all.join(',') || '<none>';
}

export const services = builtin({
  plural: 'services',
  kind: 'Service',
  shortNames: ['svc'],
  categories: ['all'],
  status: true,
  columns: [
    NAME,
    column('Type', (o) => text(get(o, 'spec', 'type'))),
    column('Cluster-IP', (o) => text(get(o, 'spec', 'clusterIP')) || '<none>'),
    column('External-IP', externalCell),
    column('Port(s)', portsCell),
    AGE,
    column('Selector', (o) => labelsCell(get(o, 'spec', 'selector')), { wide: true }),
  ],
  strategy: {
    defaults,
    prepareCreate: allocate,
    prepareUpdate,
    validate,
    validateUpdate,
    validateName: serviceName,
    deleteReturnsObject: true,
    selectable: (o) => ({
      'spec.clusterIP': text(get(o, 'spec', 'clusterIP')),
      'spec.type': text(get(o, 'spec', 'type')),
    }),
  },
});
