import type { Json, JsonObject } from '../../lib/json.ts';

interface Given {
  title: string;
  values: JsonObject;
}

/** Installations as real sites have them. */
export const SIZES: readonly Given[] = [
  {
    title: 'a site without a way out',
    values: { image: { registry: 'registry.example:5000/mirror', pullSecrets: [{ name: 'pull' }] } },
  },
  {
    title: 'an image without a registry',
    values: { image: { registry: '', digest: `sha256:${'0'.repeat(64)}` } },
  },
  {
    title: 'two teams with a Prometheus each',
    values: {
      targets: {
        namespaces: ['shop', 'pay'],
        providers: ['gateway'],
        followers: ['core'],
        proxiesIn: ['shop'],
      },
      prometheus: [
        { name: 'shop', url: 'http://prometheus.shop:9090', namespaces: ['shop'] },
        { name: 'pay', url: 'https://prometheus.pay/prefix', namespaces: ['pay'] },
      ],
    },
  },
  {
    title: 'numbers of another source',
    values: { sources: [{ name: 'http/business', url: 'http://numbers.example' }] },
  },
  {
    title: 'tenants',
    values: {
      controller: { policies: 'shared-only', enforceNamespaceMatcher: true, trustedNamespaces: ['platform'] },
    },
  },
  {
    title: 'a cluster of several zones',
    values: {
      replicas: 3,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { pool: 'system' },
      tolerations: [{ key: 'pool', operator: 'Equal', value: 'system', effect: 'NoSchedule' }],
      affinity: { nodeAffinity: {} },
      resources: { requests: { cpu: 1, memory: '1Gi' }, limits: { memory: '1Gi' } },
    },
  },
  {
    title: 'the Prometheus operator',
    values: { metrics: { monitor: 'PodMonitor', interval: '1m30s', labels: { release: 'main' } } },
  },
  {
    title: 'an API server at known addresses',
    values: {
      networkPolicy: {
        apiServer: { cidrs: ['10.0.0.1/32', 'fd00::/64'], ports: [6443] },
        egress: [{ to: [] }],
      },
    },
  },
  { title: 'values that all charts of a parent share', values: { global: { anything: true } } },
];

interface Typo extends Given {
  /** the path that the refusal names */
  at: string;
}

/** `name` as the last part of a path written with dots. */
function nested(path: string, name: string, value: Json): JsonObject {
  const parts = path === '' ? [] : path.split('.');
  return parts.reduceRight<JsonObject>((inner, part) => ({ [part]: inner }), { [name]: value });
}

const unknown = (path: string, name: string, value: Json = true): Typo => {
  const whole = path === '' ? name : `${path}.${name}`;
  const at = path === '' ? '' : `/${path.replaceAll('.', '/')}`;
  return { title: `${whole}, which there is not`, values: nested(path, name, value), at };
};
const bad = (path: string, value: Json, at = `/${path.replaceAll('.', '/')}`): Typo => {
  const parts = path.split('.');
  const name = parts.pop() ?? '';
  return { title: `${path} ${JSON.stringify(value)}`, values: nested(parts.join('.'), name, value), at };
};

/** Common mistakes of users, each of which must be refused. */
export const TYPOS: readonly Typo[] = [
  unknown('', 'replicaCount', 3),
  unknown('', 'replica', 3),
  unknown('', 'fullnameOverride', 'x'),
  unknown('', 'target', {}),
  unknown('', 'namespaces', ['shop']),
  unknown('', 'prometheusUrl', 'http://prometheus:9090'),
  unknown('', 'holdMode', 'pause'),
  unknown('', 'crd', {}),
  unknown('', 'resource', {}),
  unknown('', 'networkpolicy', {}),
  unknown('', 'nodeselector', {}),
  unknown('image', 'registy', 'r.example'),
  unknown('image', 'name', 'sluice'),
  unknown('image', 'pullpolicy', 'Always'),
  unknown('targets', 'namespace', 'shop'),
  unknown('targets', 'provider', 'istio'),
  unknown('controller', 'loglevel', 'debug'),
  unknown('controller', 'enforceNamespaceMatchers'),
  unknown('controller', 'concurency', 8),
  unknown('crds', 'installed'),
  unknown('rbac', 'create'),
  unknown('serviceAccount', 'name', 'x'),
  unknown('metrics', 'serviceMonitor'),
  unknown('networkPolicy', 'enable'),
  unknown('networkPolicy.apiServer', 'cidr', '10.0.0.1/32'),
  unknown('networkPolicy.prometheus', 'ports', [9090]),
  unknown('resources', 'limit', {}),
  bad('replicas', '2'),
  bad('replicas', 0),
  bad('hold', 'webhook'),
  bad('image.pullPolicy', 'always'),
  bad('image.digest', 'sha256:12'),
  bad('targets.namespaces', 'shop'),
  bad('targets.namespaces', ['shop', 'shop']),
  bad('targets.namespaces', ['Shop'], '/targets/namespaces/0'),
  bad('targets.providers', ['gatway'], '/targets/providers/0'),
  bad('targets.providers', ['replicas'], '/targets/providers/0'),
  bad('prometheus', 'http://prometheus:9090'),
  bad('prometheus', [{ url: 'http://prometheus:9090' }], '/prometheus/0'),
  bad('prometheus', [{ name: 'default', url: 'prometheus:9090' }], '/prometheus/0/url'),
  bad('prometheus', [{ name: 'default', url: 'http://prometheus?x=1' }], '/prometheus/0/url'),
  bad('prometheus', [{ name: 'default', url: 'http://p:9090', namespace: 'shop' }], '/prometheus/0'),
  bad('sources', [{ name: 'business', url: 'http://numbers' }], '/sources/0/name'),
  bad('controller.scrapeLag', 15),
  bad('controller.scrapeLag', '15'),
  bad('controller.logLevel', 'verbose'),
  bad('controller.policies', 'shared'),
  bad('crds.install', 'yes'),
  bad('metrics.monitor', 'podMonitor'),
  bad('networkPolicy.apiServer.cidrs', ['10.0.0.1'], '/networkPolicy/apiServer/cidrs/0'),
  bad('networkPolicy.prometheus.port', '9090'),
  bad('resources.limits', '512Mi'),
  bad('tolerations', [{ op: 'Exists' }], '/tolerations/0'),
];
