import { sourceNamed, SOURCES } from '../analysis/measure/sources.ts';
import { fail, ok, type Issue, type Result } from '../lib/result.ts';
import { withoutPassword } from '../lib/url.ts';

/** The end points that the flags configure, by the name templates use: "<source>/<end point>". */
export interface Endpoints {
  /** base URLs */
  endpoints: ReadonlyMap<string, string>;
  /** namespaces that may use it; absent: all */
  endpointsFor: Readonly<Record<string, readonly string[]>>;
}

export const NO_ENDPOINTS: Endpoints = { endpoints: new Map(), endpointsFor: {} };

export interface EndpointFlags {
  /** each `url` or `name=url`, optionally followed by a blank and `namespaces=one,other` */
  prometheus: readonly string[];
  /** each `source/name=url`, optionally followed by a blank and `namespaces=one,other` */
  source: readonly string[];
}

export function parseEndpoints(flags: EndpointFlags): Result<Endpoints> {
  const endpoints = new Map<string, string>();
  const endpointsFor: Record<string, readonly string[]> = {};
  const given = [
    ...flags.prometheus.map((value) => ({ flag: PROMETHEUS, value })),
    ...flags.source.map((value) => ({ flag: SOURCE, value })),
  ];
  for (const { flag, value } of given) {
    const one = parseEndpoint(flag, value);
    if (!one.ok) return one;
    const { name, url, namespaces } = one.value;
    const key = `${flag.prefix}${name}`;
    if (endpoints.has(key)) {
      return fail(
        issue(flag, value, `names ${name} a second time`, `give each end point its own name: ${flag.form}`),
      );
    }
    endpoints.set(key, url);
    if (namespaces !== undefined) endpointsFor[key] = namespaces;
  }
  return ok({ endpoints, endpointsFor });
}

interface Flag {
  path: string;
  /** what templates write before the end point's name */
  prefix: string;
  form: string;
  named: RegExp;
  wants: string;
  example: string;
}

const PROMETHEUS: Flag = {
  path: '--prometheus',
  prefix: 'prometheus/',
  form: 'name=url',
  named: /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)=(.*)$/,
  wants: 'is not a name and an http URL',
  example: 'write name=http://host:9090/prefix, or the URL alone, without ? and #',
};

const SOURCE: Flag = {
  path: '--source',
  prefix: '',
  form: 'source/name=url',
  named: /^([a-z]+\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)=(.*)$/,
  wants: 'is not a source, a name and an http URL',
  example: `write source/name=http://host/prefix, without ? and #, the source being one of ${SOURCES.map(({ name }) => name).join(', ')}`,
};

interface Endpoint {
  name: string;
  url: string;
  namespaces?: readonly string[];
}

function parseEndpoint(flag: Flag, value: string): Result<Endpoint> {
  const [where = '', setting, ...others] = value.trim().split(/\s+/);
  const named = flag.named.exec(where);
  const [name, given] = named === null ? ['default', where] : [named[1] ?? '', named[3] ?? ''];
  if (!isBaseUrl(given) || sourceNamed(`${flag.prefix}${name}`) === undefined)
    return fail(issue(flag, value, flag.wants, flag.example));
  const url = given.replace(/\/+$/, '');
  if (setting === undefined) return ok({ name, url });
  const namespaces = /^namespaces=(.+)$/.exec(setting)?.[1]?.split(',');
  if (others.length > 0 || namespaces?.every((each) => DNS_LABEL.test(each)) !== true) {
    const message = 'has text after its URL that is not a list of namespaces';
    return fail(issue(flag, value, message, 'write namespaces=one,other'));
  }
  return ok({ name, url, namespaces });
}

function issue({ path }: Flag, value: string, message: string, remedy: string): Issue {
  return { path, value: withoutPassword(value), message, remedy };
}

/** Can a path be appended to it? */
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
    : fail({ path, value: value ?? '', message: 'is not a list of namespaces', remedy: 'write one,other' });
}
