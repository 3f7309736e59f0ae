import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { nginxNotes } from './notes.ts';

const at = (host: string, service = 'web'): KubeObject =>
  ingress('shop', { [host]: [ingressPath('/', service)] });

const CLASSES: KubeObject[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  },
];

test.each([
  { name: 'no host', given: at(''), words: ['a rule for no host', '--metrics-per-undefined-host'] },
  { name: 'a wildcard', given: at('*.example.com'), words: ['the host *.example.com'] },
  {
    name: 'sessions',
    given: ingress(
      'shop',
      { 'shop.example.com': [ingressPath('/', 'web')] },
      { metadata: { name: 'shop', annotations: { 'nginx.ingress.kubernetes.io/affinity': 'cookie' } } },
    ),
    words: ['affinity: cookie', 'only to new clients'],
  },
])('$name: a note', ({ given, words }) => {
  const got = nginxNotes([given], 'web', CLASSES);
  expect(got).toHaveLength(1);
  for (const word of words) expect(got[0]?.sentence).toContain(word);
});

test('a host in full, and other Services without one: none', () => {
  expect(nginxNotes([at('shop.example.com'), at('', 'other')], 'web', CLASSES)).toEqual([]);
});
