import type { KubeObject } from '../../../api/kube.ts';

/** When a request goes to the canary, by the canary's Ingress. */
export interface Shaping {
  weight: number;
  total: number;
  header: string;
  headerValue: string;
  headerPattern: string;
  cookie: string;
}

/** `affinity: cookie` of a normal Ingress. */
export interface Affinity {
  cookie: string;
  /** seconds, as they were written; "" for the browser's session */
  maxAge: string;
}

const PREFIX = 'nginx.ingress.kubernetes.io/';
const CLASS = 'kubernetes.io/ingress.class';

/** A value with any other character is ignored, as if the annotation were absent. */
const PLAIN = /^[-/._~a-zA-Z0-9: ]*$/;
const PATTERN = /^[-/._~a-zA-Z0-9:^$[\](){}*+?|&=\\]*$/;

export function annotation(ingress: KubeObject, name: string, allowed = PLAIN): string {
  const value = ingress.metadata.annotations?.[PREFIX + name] ?? '';
  return allowed.test(value) ? value : '';
}

export function shapingOf(ingress: KubeObject): Shaping {
  const whole = (name: string, fallback: number): number => {
    const text = annotation(ingress, name, /^[+-]?\d+$/);
    return text === '' ? fallback : Number(text);
  };
  return {
    weight: whole('canary-weight', 0),
    // a total below 100 is ignored
    total: Math.max(whole('canary-weight-total', 100), 100),
    header: annotation(ingress, 'canary-by-header'),
    headerValue: annotation(ingress, 'canary-by-header-value'),
    headerPattern: annotation(ingress, 'canary-by-header-pattern', PATTERN),
    cookie: annotation(ingress, 'canary-by-cookie'),
  };
}

export function affinityOf(ingress: KubeObject): Affinity | undefined {
  if (annotation(ingress, 'affinity') !== 'cookie') return undefined;
  return {
    cookie: annotation(ingress, 'session-cookie-name') || 'INGRESSCOOKIE',
    maxAge: annotation(ingress, 'session-cookie-max-age'),
  };
}

export function isCanary(ingress: KubeObject): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(annotation(ingress, 'canary'));
}

/**
 * Does the Ingress belong to the gateway's class? One without a class belongs to no gateway, unless a server
 * gave it the default class.
 */
export function isOurs(ingress: KubeObject): boolean {
  const named = ingress.spec?.['ingressClassName'] ?? ingress.metadata.annotations?.[CLASS];
  return named === 'nginx';
}
