import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { ingressPresets, refuseClass } from './class.ts';
import { nginxNotes } from './notes.ts';

const NGINX = 'k8s.io/ingress-nginx';
const PREFIX = 'nginx.ingress.kubernetes.io';

const ofClass = (ingressClassName: string, annotations: Record<string, string> = {}): KubeObject =>
  ingress(
    'shop',
    { 'shop.example.com': [ingressPath('/', 'web')] },
    { metadata: { name: 'shop', annotations }, spec: { ingressClassName } },
  );

const aClass = (name: string, controller: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, labels },
  spec: { controller },
});

describe('who serves an Ingress is what its IngressClass says', () => {
  const refused = (name: string, classes: KubeObject[], named = false): string =>
    refuseClass([ofClass(name)], { classes, named })
      .map(({ sentence }) => sentence)
      .join();

  test.each([
    ['Ingress-NGINX, or what stands in its place', 'edge', NGINX],
    ['a second Ingress-NGINX', 'internal', 'example.com/ingress-nginx-internal'],
  ])('%s may be used, whatever the class is called', (_, name, controller) => {
    expect(refused(name, [aClass(name, controller)])).toBe('');
  });

  test.each([
    ["F5's, whose class is called nginx too", 'nginx', 'nginx.org/ingress-controller'],
    ["Traefik's own provider", 'nginx', 'traefik.io/ingress-controller'],
    ['the AWS Load Balancer Controller', 'alb', 'ingress.k8s.aws/alb'],
  ])('%s is refused, even where somebody says that it is Ingress-NGINX', (_, name, controller) => {
    const classes = [aClass(name, controller)];
    expect(refused(name, classes)).toContain('ignores the annotations of Ingress-NGINX');
    expect(refused(name, classes, true)).toContain(controller);
  });

  test('one that Sluice does not know needs somebody to say so', () => {
    const classes = [aClass('nginx', 'example.com/edge')];
    expect(refused('nginx', classes)).toContain('served by example.com/edge');
    expect(refused('nginx', classes)).toContain('sluice.dev/provider: nginx');
    expect(refused('nginx', classes, true)).toBe('');
  });

  test('where that is not known the name of the class tells, and it is said', () => {
    expect(refused('public-nginx', [])).toBe('');
    expect(refused('traefik', [])).toContain('class traefik');
    const [note] = nginxNotes([ofClass('nginx')], 'web', [aClass('other', NGINX)]);
    expect(note?.sentence).toMatch(
      /^IngressClass nginx of Ingress shop does not exist or Sluice may not read it/,
    );
    expect(nginxNotes([ofClass('nginx')], 'web', [aClass('nginx', NGINX)])).toEqual([]);
  });
});

describe('requests to Ingresses are counted by who serves them', () => {
  test.each([
    ['Ingress-NGINX', aClass('nginx', NGINX, { 'app.kubernetes.io/name': 'ingress-nginx' }), 'nginx'],
    ['a class that is not known', aClass('other', NGINX), 'nginx'],
    [
      "Traefik, by its chart's label",
      aClass('nginx', NGINX, { 'app.kubernetes.io/name': 'traefik' }),
      'traefik-nginx',
    ],
    ['Traefik, by its chart', aClass('nginx', NGINX, { 'helm.sh/chart': 'traefik-38.0.1' }), 'traefik-nginx'],
    ['Traefik, by a name of its own', aClass('nginx', 'traefik.io/ingress-nginx'), 'traefik-nginx'],
  ])('%s', (_, served, name) => {
    expect(ingressPresets([ofClass('nginx')], [served])).toMatchObject({ name });
  });

  test.each(['GRPC', 'GRPCS', 'grpc'])(
    'calls of gRPC (%s) fail as HTTP 200, so nothing is counted by them',
    (protocol) => {
      const calls = ofClass('nginx', { [`${PREFIX}/backend-protocol`]: protocol });
      expect(ingressPresets([ofClass('nginx'), calls], [])).toEqual({
        sentence:
          'Ingress shop speaks gRPC to its pods (annotation backend-protocol), and a router in front of them counts a failed call as HTTP 200',
        remedy: 'name the preset replicas, which asks the pods themselves, or give queries of your own',
      });
    },
  );

  test('HTTPS to pods is counted as HTTP is', () => {
    const https = ofClass('nginx', { [`${PREFIX}/backend-protocol`]: 'HTTPS' });
    expect(ingressPresets([https], [])).toMatchObject({ name: 'nginx' });
  });
});
