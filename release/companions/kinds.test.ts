import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import {
  APP,
  CANARY,
  followed,
  outcome,
  testFollowed,
  type FollowedCase,
} from '../../test/support/followed.ts';
import { aService } from '../../test/support/objects.ts';

const NONE: JsonObject[] = [];

const BUDGET: FollowedCase[] = [
  [
    'an absolute minimum would block every drain',
    { selector: APP, minAvailable: 5 },
    [{ selector: CANARY, maxUnavailable: 1 }],
  ],
  [
    'a percentage keeps its meaning where it rounds',
    { selector: APP, minAvailable: '75%' },
    [{ selector: CANARY, maxUnavailable: '25%' }],
  ],
  ['all is all', { selector: APP, minAvailable: '100%' }, [{ selector: CANARY, minAvailable: '100%' }]],
  [
    'several away at once would be the whole canary',
    { selector: APP, maxUnavailable: 3, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    [{ selector: CANARY, maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' }],
  ],
  ['never is never', { selector: APP, maxUnavailable: 0 }, [{ selector: CANARY, maxUnavailable: 0 }]],
  [
    'a share that may be away stays',
    { selector: APP, maxUnavailable: '20%' },
    [{ selector: CANARY, maxUnavailable: '20%' }],
  ],
  ['a budget of every pod in percent takes both', { selector: {}, minAvailable: '50%' }, NONE],
  ['so does one with a number that may be away', { selector: {}, maxUnavailable: 1 }, NONE],
  [
    'a number of pods that must stay may not be made up of canary pods',
    { selector: { matchLabels: { tier: 'front' } }, minAvailable: 3 },
    /PodDisruptionBudget p .*spec\.minAvailable: 3 .*add app: web to its spec\.selector\.matchLabels/,
  ],
  ['without a selector it has no pods', { minAvailable: 1 }, NONE],
  [
    'a budget of other pods may not get canary pods',
    { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, minAvailable: 1 },
    /spec\.selector selects the canary pods/,
  ],
];

const AUTHORIZATION: FollowedCase[] = [
  [
    'by label: action, rules and principals stay',
    {
      selector: { matchLabels: { app: 'web', tier: 'front' } },
      action: 'DENY',
      rules: [{ from: [{ source: { principals: ['x'] } }] }],
    },
    [
      {
        selector: { matchLabels: { app: 'web-canary', tier: 'front' } },
        action: 'DENY',
        rules: [{ from: [{ source: { principals: ['x'] } }] }],
      },
    ],
  ],
  ['of the whole namespace', { rules: [] }, NONE],
  ['by a label the canary keeps', { selector: { matchLabels: { tier: 'front' } } }, NONE],
  [
    'on the Service',
    {
      targetRefs: [
        { group: '', kind: 'Service', name: 'web' },
        { group: '', kind: 'Service', name: 'api' },
      ],
      rules: [{}],
    },
    [{ targetRefs: [{ group: '', kind: 'Service', name: 'web-canary' }], rules: [{}] }],
  ],
  [
    'on a Gateway',
    { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'web' }] },
    NONE,
  ],
];

const DESTINATION: FollowedCase[] = [
  [
    'for the short host',
    { host: 'web', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } },
    [{ host: 'web-canary', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }],
  ],
  [
    'for the full host, in any cluster domain',
    { host: 'web.shop.svc.example.org', exportTo: ['.'] },
    [{ host: 'web-canary.shop.svc.example.org', exportTo: ['.'] }],
  ],
  ['for a host that istiod takes for another one', { host: 'web.shop' }, NONE],
  ['for every host', { host: '*.shop.svc.cluster.local' }, NONE],
  ['for another Service', { host: 'web-admin' }, NONE],
  [
    'with subsets',
    {
      host: 'web',
      subsets: [
        { name: 'all', labels: { app: 'web' }, trafficPolicy: { x: 1 } },
        { name: 'v1', labels: { version: 'v1' } },
      ],
    },
    [
      {
        host: 'web-canary',
        subsets: [
          { name: 'all', labels: { app: 'web-canary' }, trafficPolicy: { x: 1 } },
          { name: 'v1', labels: { version: 'v1' } },
        ],
      },
    ],
  ],
  [
    'for what stable pods send',
    { host: 'db', workloadSelector: { matchLabels: { app: 'web' } } },
    [{ host: 'db', workloadSelector: { matchLabels: { app: 'web-canary' } } }],
  ],
  [
    'for what stable pods send to themselves',
    { host: 'web', workloadSelector: { matchLabels: { app: 'web' } } },
    [
      { host: 'web-canary', workloadSelector: { matchLabels: { app: 'web' } } },
      { host: 'web', workloadSelector: { matchLabels: { app: 'web-canary' } } },
      { host: 'web-canary', workloadSelector: { matchLabels: { app: 'web-canary' } } },
    ],
  ],
];

const WORKLOAD: FollowedCase[] = [
  [
    'of stable pods',
    { workloadSelector: { labels: { app: 'web' } }, egress: [{ hosts: ['./*'] }] },
    [{ workloadSelector: { labels: { app: 'web-canary' } }, egress: [{ hosts: ['./*'] }] }],
  ],
  ['of the namespace', { egress: [{ hosts: ['./*'] }] }, NONE],
];

const BACKEND: FollowedCase[] = [
  [
    'of the stable Service',
    {
      targetRefs: [{ group: '', kind: 'Service', name: 'web', sectionName: 'http' }],
      validation: { hostname: 'h' },
    },
    [
      {
        targetRefs: [{ group: '', kind: 'Service', name: 'web-canary', sectionName: 'http' }],
        validation: { hostname: 'h' },
      },
    ],
  ],
  ['of another', { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] }, NONE],
];

const SINGLE: FollowedCase[] = [
  [
    'of the stable Service',
    { targetRef: { group: '', kind: 'Service', name: 'web' }, default: { timeoutSec: 40 } },
    [{ targetRef: { group: '', kind: 'Service', name: 'web-canary' }, default: { timeoutSec: 40 } }],
  ],
];

const FROM = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'edge' }];

const GRANT: FollowedCase[] = [
  [
    'of the stable Service',
    {
      from: FROM,
      to: [
        { group: '', kind: 'Service', name: 'web' },
        { group: '', kind: 'Secret', name: 'web' },
      ],
    },
    [{ from: FROM, to: [{ group: '', kind: 'Service', name: 'web-canary' }] }],
  ],
  ['of every Service', { from: FROM, to: [{ group: '', kind: 'Service' }] }, NONE],
];

const POD_MONITOR: FollowedCase[] = [
  [
    'of stable pods',
    {
      selector: APP,
      namespaceSelector: { matchNames: ['shop', 'other'] },
      podMetricsEndpoints: [{ port: 'm' }],
    },
    [{ selector: CANARY, podMetricsEndpoints: [{ port: 'm' }] }],
  ],
  ['of other namespaces', { selector: APP, namespaceSelector: { matchNames: ['other'] } }, NONE],
  ['of every pod', { selector: {} }, NONE],
];

const CILIUM: FollowedCase[] = [
  [
    'that names stable pods',
    { endpointSelector: { matchLabels: { 'k8s:app': 'web' } } },
    /CiliumNetworkPolicy p .*app=web.*operator In and the values web, web-canary/,
  ],
  [
    'that names both',
    {
      endpointSelector: {
        matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'web-canary'] }],
      },
    },
    NONE,
  ],
  [
    'that lets stable pods in',
    { ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }] },
    /app=web/,
  ],
  ['of other pods', { endpointSelector: { matchLabels: { app: 'db' } } }, NONE],
];

describe.each<[keyof typeof RESOURCES, FollowedCase[]]>([
  ['podDisruptionBudgets', BUDGET],
  ['authorizationPolicies', AUTHORIZATION],
  ['requestAuthentications', AUTHORIZATION],
  ['peerAuthentications', AUTHORIZATION.slice(0, 3)],
  ['destinationRules', DESTINATION],
  ['sidecars', WORKLOAD],
  ['envoyFilters', WORKLOAD],
  ['backendTlsPolicies', BACKEND],
  ['gcpBackendPolicies', SINGLE],
  ['healthCheckPolicies', SINGLE],
  ['referenceGrants', GRANT],
  ['podMonitors', POD_MONITOR],
  ['ciliumNetworkPolicies', CILIUM],
])('%s', (kind, cases) => testFollowed(kind, cases));

describe('serviceMonitors', () => {
  const monitor = (matchLabels: JsonObject) =>
    followed(RESOURCES.serviceMonitors, 'm', { selector: { matchLabels } });
  const stable = aService(
    'web',
    { app: 'web' },
    {
      metadata: { labels: { app: 'web', 'app.kubernetes.io/instance': 'shop' } },
    },
  );
  const service = { stable, canary: 'web-canary' };

  it('select the canary Service by the labels it is given', () => {
    expect(outcome(monitor({ app: 'web' }), { service })).toEqual([]);
  });

  it('follow where they select by a label by which tools track what they installed', () => {
    expect(outcome(monitor({ 'app.kubernetes.io/instance': 'shop' }), { service })).toEqual([
      {
        selector: { matchLabels: { 'sluice.dev/target': 'web', 'app.kubernetes.io/managed-by': 'sluice' } },
      },
    ]);
  });
});
