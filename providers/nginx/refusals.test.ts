import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { canaryIngress, canaryIngressName } from './ingress.ts';
import { nginx } from './nginx.ts';
import { OFF } from '../provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const named = (
  name: string,
  paths: Record<string, JsonObject[]>,
  annotations: Record<string, string> = {},
  spec = {},
) =>
  ingress(name, paths, {
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]),
      ),
    },
    spec,
  });
const main = (annotations: Record<string, string> = {}, spec = {}) =>
  named(
    'shop',
    { 'shop.example.com': [ingressPath('/', 'web'), ingressPath('/api', 'api')] },
    annotations,
    spec,
  );
const catchAll = named('all', { '': [ingressPath('/', 'web')] });
const at = (path: string, service: string, annotations: Record<string, string> = {}, spec = {}) =>
  named('theirs', { 'shop.example.com': [ingressPath(path, service)] }, annotations, spec);
const without = (object: KubeObject, field: string): KubeObject => {
  const spec = { ...object.spec };
  Reflect.deleteProperty(spec, field);
  return { ...object, spec };
};

const refuse = (routes: KubeObject[], others: KubeObject[] = []) =>
  nginx.refuse(aTrafficContext(routes, { others: [...routes, ...others] }));

describe('an Ingress that is to be split', () => {
  test.each<[string, KubeObject[], string]>([
    [
      'a default backend: its canary would take a share of every rule without a host',
      [main({}, { defaultBackend: { service: { name: 'web', port: { number: 80 } } } })],
      'spec.defaultBackend',
    ],
    ['a canary Ingress that names stable', [main({ canary: 'true' })], 'itself a canary'],
    ['TLS that is passed through', [main({ 'ssl-passthrough': 'true' })], 'ssl-passthrough'],
    [
      'no class: the canary could be given another one',
      [without(main(), 'ingressClassName')],
      'ingressClassName',
    ],
    [
      'sessions, and nobody says what becomes of them',
      [main({ affinity: 'cookie' })],
      'affinity-canary-behavior',
    ],
    [
      'Ingresses that disagree on sessions, of which the upstream obeys one',
      [
        main({ affinity: 'cookie', 'affinity-canary-behavior': 'sticky' }),
        named(
          'more',
          { 'more.example.com': [ingressPath('/', 'web')] },
          { 'affinity-canary-behavior': 'legacy' },
        ),
      ],
      'different values',
    ],
    [
      'two of them that claim one place for different Services',
      [main(), named('more', { 'shop.example.com': [ingressPath('/', 'other'), ingressPath('/w', 'web')] })],
      'Ingress more sends shop.example.com/ to Service other',
    ],
  ])('%s', (_name, given, word) => {
    const got = refuse(given);
    expect(got, JSON.stringify(got)).toHaveLength(1);
    expect(got[0]?.reason).toBe('RouteUnsupported');
    expect(got[0]?.sentence).toContain(word);
    expect(got[0]?.sentence).toMatch(/; [a-z].*\.$/);
  });

  test.each([
    ['plain', [main()]],
    [
      'with sessions whose fate is told',
      [main({ affinity: 'cookie', 'affinity-canary-behavior': 'legacy' })],
    ],
    ['with the class in the old annotation', [withOldClass(without(main(), 'ingressClassName'))]],
    ['with one place of its own twice: the first counts', [twice()]],
    ['two for one place and one Service', [main(), at('/', 'web')]],
  ])('%s: nothing', (_name, given) => {
    expect(refuse(given)).toEqual([]);
  });
});

function withOldClass(object: KubeObject): KubeObject {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
  };
}
function twice(): KubeObject {
  return named('shop', {
    'shop.example.com': [ingressPath('/', 'x'), ingressPath('/', 'web'), ingressPath('/w', 'web')],
  });
}

describe('other Ingresses of the namespace', () => {
  const byName = (port: JsonObject) =>
    named('theirs', { 'b.example.com': [ingressPath('/', 'web', { port })] });

  test.each<[string, KubeObject[], KubeObject, string]>([
    ['a canary at the same place', [main()], at('/', 'v2', { canary: 'true' }), 'shop.example.com/, and'],
    [
      'a canary of everything without a host, which meets ours',
      [catchAll],
      named(
        'theirs',
        {},
        { canary: 'true' },
        { defaultBackend: { service: { name: 'v2', port: { number: 80 } } } },
      ),
      'every rule without a host',
    ],
    [
      'one that sends to the Service and is not listed',
      [main()],
      byName({ number: 80 }),
      'add it to the annotation',
    ],
    ['the same by the name of the port', [main()], byName({ name: 'http' }), 'add it to the annotation'],
    [
      'one whose default backend is the Service',
      [main()],
      named('theirs', {}, {}, { defaultBackend: { service: { name: 'web', port: { number: 80 } } } }),
      'add it to the annotation',
    ],
    [
      'one that sends the same place elsewhere',
      [main()],
      at('/', 'other'),
      'shop.example.com/ to Service other',
    ],
    [
      'one that passes the TLS of the host through',
      [main()],
      at('/x', 'other', { 'ssl-passthrough': 'true' }),
      'passes TLS of shop.example.com through',
    ],
    [
      'one that has the name of the canary Ingress',
      [main()],
      named(canaryIngressName('shop', 'web'), { 'x.example.com': [ingressPath('/', 'x')] }),
      'for the canary of Ingress shop',
    ],
  ])('%s', (_name, routes, other, word) => {
    const got = refuse(routes, [other]);
    expect(got, JSON.stringify(got)).toHaveLength(1);
    expect(got[0]?.sentence).toContain(word);
    expect(got[0]?.sentence).toMatch(/; [a-z].*\.$/);
  });

  const elsewhere = { ingressClassName: 'nginx-internal' };
  test.each<[string, KubeObject]>([
    ['a canary at another place', at('/api', 'v2', { canary: 'true' })],
    [
      'a canary of other path type',
      named(
        'theirs',
        { 'shop.example.com': [ingressPath('/', 'v2', { pathType: 'Exact' })] },
        { canary: '1' },
      ),
    ],
    ['another class that sends to the Service: another controller', at('/', 'web', {}, elsewhere)],
    ['another class with the same place', at('/', 'other', {}, elsewhere)],
    ['another class that passes the host through', at('/x', 'x', { 'ssl-passthrough': 'true' }, elsewhere)],
    ['another place', at('/x', 'other')],
    [
      'our own canary of an earlier moment',
      canaryIngress(aTrafficContext([main()]), main(), { ...OFF, weight: 5 }),
    ],
  ])('%s: nothing', (_name, other) => {
    expect(refuse([main()], [other])).toEqual([]);
  });
});
