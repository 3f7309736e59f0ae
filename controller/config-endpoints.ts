import { fail, ok, type Issue, type Result } from '../lib/result.ts';
import { withoutPassword } from '../lib/url.ts';

/** The Prometheus end points of the flags. */
export interface Endpoints {
  /** name → base URL */
  prometheus: ReadonlyMap<string, string>;
  /** name → namespaces that may use it; absent: all */
  prometheusFor: Readonly<Record<string, readonly string[]>>;
}

export const NO_ENDPOINTS: Endpoints = { prometheus: new Map(), prometheusFor: {} };

/** Each `url` or `name=url`, and after a blank `namespaces=one,other`. */
export function parseEndpoints(values: readonly string[]): Result<Endpoints> {
  const prometheus = new Map<string, string>();
  const prometheusFor: Record<string, readonly string[]> = {};
  for (const value of values) {
    const one = parseEndpoint(value);
    if (!one.ok) return one;
    const { name, url, namespaces } = one.value;
    if (prometheus.has(name)) {
      return fail(issue(value, `names ${name} a second time`, 'give each end point its own name: name=url'));
    }
    prometheus.set(name, url);
    if (namespaces !== undefined) prometheusFor[name] = namespaces;
  }
  return ok({ prometheus, prometheusFor });
}

interface Endpoint {
  name: string;
  url: string;
  namespaces?: readonly string[];
}

function parseEndpoint(value: string): Result<Endpoint> {
  const [where = '', setting, ...others] = value.trim().split(/\s+/);
  const named = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)=(.*)$/.exec(where);
  const [name, given] = named === null ? ['default', where] : [named[1] ?? '', named[3] ?? ''];
  if (!isBaseUrl(given)) {
    return fail(
      issue(
        value,
        'is not a name and an http URL',
        'write name=http://host:9090/prefix, or the URL alone, without ? and #',
      ),
    );
  }
  const url = given.replace(/\/+$/, '');
  if (setting === undefined) return ok({ name, url });
  const namespaces = /^namespaces=(.+)$/.exec(setting)?.[1]?.split(',');
  if (others.length > 0 || namespaces?.every((each) => DNS_LABEL.test(each)) !== true) {
    return fail(
      issue(value, 'has something after its URL that is no list of namespaces', 'write namespaces=one,other'),
    );
  }
  return ok({ name, url, namespaces });
}

function issue(value: string, message: string, remedy: string): Issue {
  return { path: '--prometheus', value: withoutPassword(value), message, remedy };
}

/** Something that a path can be appended to. */
function isBaseUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol ?? '') && !/[?#]/.test(text);
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function dnsLabel(path: string, value: string): Result<string> {
  return DNS_LABEL.test(value)
    ? ok(value)
    : fail({ path, value, message: 'is no name', remedy: 'use up to 63 of a-z, 0-9 and "-"' });
}

/** "one,other"; absent: none */
export function parseNamespaces(path: string, value: string | undefined): Result<readonly string[]> {
  const names = value?.split(',') ?? [];
  return names.every((each) => DNS_LABEL.test(each))
    ? ok(names)
    : fail({ path, value: value ?? '', message: 'is no list of namespaces', remedy: 'write one,other' });
}
