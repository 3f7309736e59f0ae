import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../api/kube.ts';
import { ingress } from '../dataplane-objects.ts';

/** A release behind ingress-nginx. */
export interface Released {
  /** name of the Service; the canary's is `<name>-canary` */
  name: string;
  /** annotations of the user's Ingress and of the canary's, without the prefix */
  main?: Record<string, string>;
  canary: Record<string, string>;
  /** arms without a ready pod */
  down?: readonly ('stable' | 'canary')[];
}

export const hostOf = ({ name }: Released): string => `${name}.example`;
export const upstreamOf = ({ name }: Released): string => `shop-${name}-80`;
const canaryOf = ({ name }: Released): string => `shop-${name}-canary-80`;

/** The Ingresses; the user's is the older one. */
export const ingressesOf = (released: Released): KubeObject[] => [
  ingress({
    name: released.name,
    service: released.name,
    host: hostOf(released),
    ...(released.main === undefined ? {} : { annotations: released.main }),
    created: '2026-01-01T00:00:00Z',
  }),
  ingress({
    name: `${released.name}-canary`,
    service: `${released.name}-canary`,
    host: hostOf(released),
    annotations: { canary: 'true', ...released.canary },
    created: '2026-01-02T00:00:00Z',
  }),
];

/** What the controller, which is written in Go, tells its balancer about them. */
export function backendsOf(released: Released, ports: { stable: number; canary: number }): object[] {
  const { main = {}, canary, down = [] } = released;
  const affinity = main['affinity'] === 'cookie' && {
    name: 'cookie',
    mode: 'balanced',
    cookieSessionAffinity: {
      name: main['session-cookie-name'] ?? 'INGRESSCOOKIE',
      locations: { [hostOf(released)]: ['/'] },
    },
  };
  const sticky = affinity && canary['affinity-canary-behavior'] !== 'legacy';
  const at = (arm: 'stable' | 'canary') =>
    down.includes(arm) ? [] : [{ address: '127.0.0.1', port: String(ports[arm]) }];
  return [
    {
      name: upstreamOf(released),
      port: '80',
      endpoints: at('stable'),
      alternativeBackends: [canaryOf(released)],
      ...(affinity && { sessionAffinityConfig: affinity }),
    },
    {
      name: canaryOf(released),
      port: '80',
      endpoints: at('canary'),
      noServer: true,
      trafficShapingPolicy: shaping(canary),
      ...(sticky && { sessionAffinityConfig: affinity }),
    },
  ];
}

function shaping(annotations: Record<string, string>): object {
  const of = (name: string): string => annotations[name] ?? '';
  const whole = (name: string, otherwise: number): number =>
    /^[+-]?\d+$/.test(of(name)) ? Number(of(name)) : otherwise;
  return {
    weight: whole('canary-weight', 0),
    weightTotal: whole('canary-weight-total', 100),
    header: of('canary-by-header'),
    headerValue: of('canary-by-header-value'),
    headerPattern: of('canary-by-header-pattern'),
    cookie: of('canary-by-cookie'),
  };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The session cookie of a client after an answer of that arm. */
export function sessionOf(released: Released, arm: 'stable' | 'canary'): string {
  const name = arm === 'stable' ? upstreamOf(released) : canaryOf(released);
  return `1.2.3|${md5(md5(name) + name)}`;
}
