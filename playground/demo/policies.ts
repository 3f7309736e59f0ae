import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import { BASE_ERROR_RATE, MARK, NAMESPACE } from './objects.ts';
import type { Placed } from './objects.ts';
import type { Tactics } from './tactics.ts';
import { worldOf, type DemoProvider } from './worlds.ts';

const WAITS = { minDuration: '6s', maxDuration: '5m' };

/** The same ladder as the built-in policy, with waits that suit a laptop. */
const STEPS: Readonly<Record<Strategy, JsonObject>> = {
  canary: { steps: [5, 25, 50].map((weight) => ({ weight, ...WAITS })) },
  blueGreen: { bake: '6s' },
  ab: {
    steps: [{ weight: 0, ...WAITS }],
    match: {
      headers: [{ name: MARK.header.name, exact: MARK.header.value }],
      cookies: [{ name: MARK.cookie.name, exact: MARK.cookie.value }],
    },
  },
};

/** The rules that the user gives Sluice. */
export const rulesOf = (
  provider: DemoProvider,
  tactics: Tactics,
  analysis: JsonObject = analysisOf(tactics),
): Placed[] => [
  { plural: 'releasepolicies', object: policy(provider, tactics) },
  { plural: 'analysistemplates', object: template(analysis) },
];

function policy(provider: DemoProvider, { strategy, mirror, sticky }: Tactics): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'ReleasePolicy',
    metadata: { name: 'demo', namespace: NAMESPACE },
    spec: {
      ...(worldOf(provider).named === true ? { provider } : {}),
      strategy,
      ...STEPS[strategy],
      ...(mirror ? { mirror: { percent: 100, ...WAITS } } : {}),
      ...(sticky ? { stickiness: { cookie: 'sluice-demo', maxAge: '10m' } } : {}),
      analysis: [{ template: 'demo' }],
      settle: '2s',
      warmup: '2s',
      drain: '3s',
      onInconclusive: 'extend',
    },
  };
}

/**
 * Safe means: below stable x 3 + 1.5 points (3% where stable fails 0.5%). That is wider than the default
 * (stable x 1.5 + 0.1 points), because proof needs requests: about 150 to 300 canary requests a step here,
 * some thousands with the defaults. At 200 requests per second the whole ladder then takes about a minute.
 */
export const SAFE_MARGIN = { relative: 2, absolute: 0.015 };

/**
 * The limit for every version, whatever stable did before: after the switch of blue-green there is nothing to
 * compare it with.
 */
const CEILING = BASE_ERROR_RATE * (1 + SAFE_MARGIN.relative) + SAFE_MARGIN.absolute;

const template = (spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'demo', namespace: NAMESPACE },
  spec,
});

const analysisOf = ({ strategy }: Tactics): JsonObject => ({
  interval: '3s',
  metrics: [
    {
      name: 'error-rate',
      errorRate: { preset: 'auto' },
      margin: { harm: { relative: 0.1, absolute: 0.0001 }, safe: SAFE_MARGIN },
      ...(strategy === 'blueGreen' ? { ceiling: CEILING } : {}),
    },
  ],
});
