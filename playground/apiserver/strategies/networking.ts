/** Ingress, IngressClass, NetworkPolicy, EndpointSlice, Endpoints. */
import type { Causes } from '../errors.ts';
import { child, equal, fill, get, list, number, object, objects, text, word, words } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, NAME, selectorCell } from './columns.ts';
import { dnsSubdomain } from './names.ts';
import { specChanged } from './workloads.ts';

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

function validateBackend(backend: JsonObject, at: string, causes: Causes): void {
  const service = object(backend['service']);
  if (backend['resource'] !== undefined) return;
  if (text(service['name']) === '') causes.required(`${at}.service.name`);
  const port = object(service['port']);
  if (port['number'] === undefined && text(port['name']) === '')
    causes.required(at, 'port name or number is required');
}

function validatePath(path: JsonObject, at: string, causes: Causes): void {
  const type = text(path['pathType']);
  if (type === '') causes.required(`${at}.pathType`, 'pathType must be specified');
  else if (!PATH_TYPES.includes(type)) causes.unsupported(`${at}.pathType`, type, PATH_TYPES);
  const value = text(path['path']);
  const needsPath = type === 'Exact' || type === 'Prefix';
  if (needsPath && !value.startsWith('/')) causes.invalid(`${at}.path`, value, 'must be an absolute path');
  validateBackend(object(path['backend']), `${at}.backend`, causes);
}

function validateIngress(source: JsonObject, causes: Causes): void {
  const rules = objects(get(source, 'spec', 'rules'));
  const fallback = get(source, 'spec', 'defaultBackend');
  if (rules.length === 0 && fallback === undefined) {
    causes.invalid('spec', source['spec'], 'either `defaultBackend` or `rules` must be specified');
  }
  if (fallback !== undefined) validateBackend(object(fallback), 'spec.defaultBackend', causes);
  rules.forEach((rule, r) => {
    const host = text(rule['host']).replace(/^\*\./, '');
    const wrong = host === '' ? undefined : dnsSubdomain(host);
    if (wrong !== undefined) causes.invalid(`spec.rules[${r}].host`, rule['host'], wrong);
    objects(get(rule, 'http', 'paths')).forEach((path, p) => {
      validatePath(path, `spec.rules[${r}].http.paths[${p}]`, causes);
    });
  });
}

function addresses(ingress: JsonObject): string {
  const all = objects(get(ingress, 'status', 'loadBalancer', 'ingress'));
  return all.map((entry) => text(entry['ip']) || text(entry['hostname'])).join(',');
}

export const ingresses = builtin({
  group: 'networking.k8s.io',
  plural: 'ingresses',
  kind: 'Ingress',
  shortNames: ['ing'],
  status: true,
  columns: [
    NAME,
    column('Class', (o) => text(get(o, 'spec', 'ingressClassName')) || '<none>'),
    column(
      'Hosts',
      (o) =>
        objects(get(o, 'spec', 'rules'))
          .map((rule) => text(rule['host']) || '*')
          .join(',') || '*',
    ),
    column('Address', addresses),
    column('Ports', (o) => (list(get(o, 'spec', 'tls')).length ? '80, 443' : '80')),
    AGE,
  ],
  strategy: {
    defaults: (source) => fill(child(source, 'status'), 'loadBalancer', {}),
    prepareCreate: (source) => void (source['status'] = { loadBalancer: {} }),
    validate: validateIngress,
    generation: specChanged,
  },
});

export const ingressclasses = builtin({
  group: 'networking.k8s.io',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  namespaced: false,
  columns: [NAME, column('Controller', (o) => text(get(o, 'spec', 'controller'))), AGE],
  strategy: { generation: specChanged },
});

export const networkpolicies = builtin({
  group: 'networking.k8s.io',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  shortNames: ['netpol'],
  columns: [NAME, column('Pod-Selector', (o) => selectorCell(get(o, 'spec', 'podSelector'))), AGE],
  strategy: {
    defaults(source) {
      const spec = child(source, 'spec');
      child(spec, 'podSelector');
      fill(spec, 'policyTypes', spec['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
    },
    generation: specChanged,
  },
});

export const endpointslices = builtin({
  group: 'discovery.k8s.io',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  columns: [
    NAME,
    column('AddressType', (o) => text(o['addressType'])),
    column(
      'Ports',
      (o) =>
        objects(o['ports'])
          .map((p) => word(p['port'], '*'))
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      (o) =>
        objects(o['endpoints'])
          .flatMap((e) => words(e['addresses']))
          .join(',') || '<unset>',
    ),
    AGE,
  ],
  strategy: {
    defaults(source) {
      for (const port of objects(source['ports'])) {
        fill(port, 'name', '');
        fill(port, 'protocol', 'TCP');
      }
      for (const endpoint of objects(source['endpoints'])) child(endpoint, 'conditions');
      for (const field of ['endpoints', 'ports']) if (source[field] === undefined) source[field] = null;
    },
    validate(source, causes) {
      const types = ['FQDN', 'IPv4', 'IPv6'];
      const type = text(source['addressType']);
      if (type === '') causes.required('addressType');
      else if (!types.includes(type)) causes.unsupported('addressType', type, types);
      objects(source['endpoints']).forEach((endpoint, i) => {
        if (list(endpoint['addresses']).length === 0) causes.required(`endpoints[${i}].addresses`);
      });
    },
    generation: (next, old) =>
      ['endpoints', 'ports', 'addressType'].some((field) => !equal(next[field], old[field])),
  },
});

export const endpoints = builtin({
  plural: 'endpoints',
  kind: 'Endpoints',
  shortNames: ['ep'],
  columns: [
    NAME,
    column('Endpoints', (o) => {
      const all = objects(o['subsets']).flatMap((subset) =>
        objects(subset['addresses']).map(
          (a) => `${text(a['ip'])}:${number(objects(subset['ports'])[0]?.['port']) ?? ''}`,
        ),
      );
      return all.join(',') || '<none>';
    }),
    AGE,
  ],
});
