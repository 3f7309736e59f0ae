import { describe } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { CANARY, testFollowed, type FollowedCase } from '../../test/support/followed.ts';

const NONE: JsonObject[] = [];

const NETWORK: FollowedCase[] = [
  [
    'that protects stable pods protects canary pods',
    { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress: [] },
    [{ podSelector: CANARY, policyTypes: ['Ingress'], ingress: [] }],
  ],
  ['of all pods covers the canary already', { podSelector: {}, policyTypes: ['Ingress'] }, NONE],
  ['by another label covers it too', { podSelector: { matchLabels: { tier: 'front' } } }, NONE],
  ['of other pods is not our business', { podSelector: { matchLabels: { app: 'db' } } }, NONE],
  [
    'by an expression follows, whatever else it selects',
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] } },
    [{ podSelector: CANARY }],
  ],
  [
    'of every pod that has the label covers it',
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } },
    NONE,
  ],
  [
    'of all pods but stable ones would cut the canary off',
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } },
    /^PolicyCannotFollow: NetworkPolicy p cannot follow .*spec\.podSelector.*app=web-canary.*name that value in it/,
  ],
  [
    'that lets stable pods in lets canary pods in, and nothing else again',
    {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: 'web' } } }, { ipBlock: { cidr: '10.0.0.0/8' } }],
          ports: [{ port: 5432 }],
        },
        { from: [{ podSelector: { matchLabels: { app: 'job' } } }] },
      ],
    },
    [
      {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: CANARY }], ports: [{ port: 5432 }] }],
      },
    ],
  ],
  [
    'that lets the namespace’s pods reach stable ones lets them reach the canary',
    {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    },
    [{ podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: CANARY }] }] }],
  ],
  [
    'with stable pods on both sides gets two copies',
    {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    },
    [
      {
        podSelector: CANARY,
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }, { podSelector: CANARY }] }],
      },
      {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: CANARY }] }],
      },
    ],
  ],
  [
    'with rules for a direction it does not govern is not followed there',
    {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Egress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    },
    NONE,
  ],
  [
    'whose peer may be in this namespace is held to it',
    {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [
        {
          from: [
            {
              podSelector: { matchLabels: { app: 'web' } },
              namespaceSelector: { matchLabels: { team: 'shop' } },
            },
          ],
        },
      ],
    },
    [
      {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              {
                podSelector: CANARY,
                namespaceSelector: { matchLabels: { team: 'shop', 'kubernetes.io/metadata.name': 'shop' } },
              },
            ],
          },
        ],
      },
    ],
  ],
  [
    'whose peer is in another namespace means other pods',
    {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [
        {
          from: [
            {
              podSelector: { matchLabels: { app: 'web' } },
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } },
            },
          ],
        },
      ],
    },
    NONE,
  ],
  [
    'that lets in all but stable pods would let in what is stable tomorrow',
    {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [
        {
          from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }],
        },
      ],
    },
    /spec\.ingress\[\]\.from\[\]\.podSelector/,
  ],
  [
    'without policyTypes governs egress if it has such rules',
    {
      podSelector: { matchLabels: { app: 'job' } },
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    },
    [
      {
        podSelector: { matchLabels: { app: 'job' } },
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: CANARY }] }],
      },
    ],
  ],
];

describe('a NetworkPolicy', () => testFollowed('networkPolicies', NETWORK));
