import { CLUSTER_DOMAIN } from '../../api/names.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { CUTS } from './roles.ts';

/** A value of the chart. */
export interface Value {
  fallback: Json;
  /** JSON Schema */
  shape: JsonObject;
  /** a sentence or half of one */
  meaning: string;
}

export interface Values {
  [name: string]: Value | Values;
}

export const isValue = (each: Value | Values): each is Value => 'fallback' in each;

const value = (fallback: Json, shape: JsonObject, meaning: string): Value => ({ fallback, shape, meaning });

const text = { type: 'string' };
const label = { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const duration = { type: 'string', pattern: '^([0-9]+(ms|s|m|h))+$' };
const bool = { type: 'boolean' };
const whole = (minimum: number, maximum: number): JsonObject => ({ type: 'integer', minimum, maximum });
const oneOf = (...choices: string[]): JsonObject => ({ type: 'string', enum: choices });
const list = (items: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'array',
  items,
  ...(isObject(items.properties) ? {} : { uniqueItems: true }),
  ...more,
});
const texts: JsonObject = { type: 'object', additionalProperties: text };
const anything: JsonObject = { type: 'object' };
export const closed = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length === 0 ? {} : { required: [...required] }),
  properties,
});

const quantities = { type: 'object', additionalProperties: { type: ['string', 'number'] } };
const url = { type: 'string', pattern: '^https?://[^\\s?#]+$' };
const endpoint = (name: JsonObject): JsonObject =>
  list(closed({ name, url, namespaces: list(label, { minItems: 1 }) }, ['name', 'url']));

const namesOf = (prefix: string): string[] =>
  CUTS.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
const PROVIDERS = namesOf('sluice-provider-');
const FOLLOWERS = namesOf('sluice-followers-');

/**
 * Every value that the chart accepts: values.yaml, values.schema.json and the table of its README are written
 * from it.
 */
export const VALUES: Values = {
  image: {
    registry: value(
      'ghcr.io',
      text,
      'where images are pulled from; another for sites without a way out, empty for none',
    ),
    repository: value('sluice-dev/sluice', { ...text, minLength: 1 }, 'the image'),
    tag: value('', text, "of the image; empty: the chart's appVersion"),
    digest: value(
      '',
      { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
      'of the image, which counts more than its tag',
    ),
    pullPolicy: value('IfNotPresent', oneOf('Always', 'IfNotPresent', 'Never'), 'when it is pulled'),
    pullSecrets: value([], list(closed({ name: label }, ['name'])), 'Secrets to pull it with'),
  },
  replicas: value(2, whole(1, 10), 'one works, the others wait for the Lease'),
  hold: value(
    'auto',
    oneOf('auto', 'admission', 'pause'),
    'how changes are held. auto: by admission where the API server serves MutatingAdmissionPolicy, else by pause; the policies that go with it are installed',
  ),
  targets: {
    namespaces: value(
      [],
      list(label, { maxItems: 50 }),
      'namespaces whose Deployments may opt in; empty: all. Rights to read and write for targets are given in these alone',
    ),
    providers: value(
      [...PROVIDERS],
      list(oneOf(...PROVIDERS)),
      'back ends whose routes may be written; provider replicas needs no rights',
    ),
    followers: value(
      [...FOLLOWERS],
      list(oneOf(...FOLLOWERS)),
      'kinds that may have to follow a canary, by family',
    ),
    proxiesIn: value(
      [],
      list(label),
      'namespaces where WasmPlugins and EnvoyFilters may follow a canary: code in the proxies of a mesh',
    ),
  },
  prometheus: value(
    [],
    endpoint(label),
    'end points that templates name by `prometheus`; `default` is used where none is named. With `namespaces` only their targets may use it',
  ),
  sources: value(
    [],
    endpoint({ type: 'string', pattern: '^[a-z]+/[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
    'end points of other sources, by names such as `http/business`',
  ),
  controller: {
    policies: value(
      'own',
      oneOf('own', 'shared-only'),
      'shared-only: policies and templates in the namespaces of targets do not count',
    ),
    enforceNamespaceMatcher: value(
      false,
      bool,
      'queries of templates in the namespaces of targets read series of that namespace only',
    ),
    trustedNamespaces: value(
      [],
      list(label),
      'namespaces whose NetworkPolicies may block a release elsewhere',
    ),
    scrapeLag: value(
      '15s',
      duration,
      'a window is measured this long after its end: at least a scrape interval',
    ),
    minInterval: value('5s', duration, 'templates with a shorter interval are refused'),
    clusterDomain: value(CLUSTER_DOMAIN, { ...text, minLength: 1 }, 'what full names of Services end in'),
    concurrency: value(4, whole(1, 1_000), 'targets worked on at the same time'),
    logLevel: value('info', oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), 'what is logged'),
  },
  crds: {
    install: value(true, bool, 'install and upgrade the kinds with the chart'),
    keep: value(true, bool, 'leave them, and so every Release and policy, when the chart is uninstalled'),
  },
  rbac: {
    install: value(true, bool, 'roles and bindings of the controller'),
    people: value(
      true,
      bool,
      'roles that let `view`, `edit` and `admin` see releases, give orders and write policies',
    ),
  },
  serviceAccount: {
    annotations: value({}, texts, 'of the ServiceAccount, for example for an identity of a cloud'),
  },
  metrics: {
    monitor: value(
      'none',
      oneOf('none', 'PodMonitor', 'ServiceMonitor'),
      'how the Prometheus operator is told to scrape the controller',
    ),
    interval: value('30s', duration, 'how often'),
    labels: value({}, texts, 'of the monitor, by which a Prometheus selects it'),
  },
  networkPolicy: {
    enabled: value(
      true,
      bool,
      'nothing in or out but what follows, and port 8080 for the Prometheus named here',
    ),
    apiServer: {
      cidrs: value(
        [],
        list({ type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' }),
        'where the API server is; empty: anywhere, by these ports',
      ),
      ports: value([443, 6443], list(whole(1, 65_535), { minItems: 1 }), 'of the API server'),
    },
    prometheus: {
      namespace: value(
        'monitoring',
        label,
        'of the Prometheus that is asked, and that scrapes the controller',
      ),
      port: value(9090, whole(1, 65_535), 'of its pods'),
    },
    egress: value([], list(anything), 'further rules, as in a NetworkPolicy'),
  },
  resources: value(
    { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } },
    closed({ requests: quantities, limits: quantities }),
    'of the container. No limit of CPU: a controller that is slowed down loses its Lease',
  ),
  nodeSelector: value({}, texts, 'of the pods'),
  tolerations: value(
    [],
    list(
      closed({
        key: text,
        operator: oneOf('Exists', 'Equal'),
        value: text,
        effect: text,
        tolerationSeconds: { type: 'integer' },
      }),
    ),
    'of the pods',
  ),
  affinity: value({}, anything, 'of the pods'),
  priorityClassName: value('', text, 'of the pods'),
  podAnnotations: value({}, texts, 'of the pods'),
  podLabels: value({}, texts, 'of the pods'),
};
