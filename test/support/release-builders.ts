import { steering } from './release.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import type { AnalysisState } from '../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../api/analysis.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { FINALIZER } from '../../api/names.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import { ownLabels } from '../../release/canary/index.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { TrafficContext } from '../../providers/provider.ts';
import {
  ago,
  aRoute,
  aTarget,
  canary,
  canaryServiceObject,
  changed,
  NAMESPACE,
  NOW,
  ownedBy,
  podTemplate,
  replicaSet,
  REWRITE,
  SERVICE,
  UID,
  without,
} from './builders.ts';

export interface ReleaseChange {
  name?: string;
  /** from, to */
  images?: [string, string];
  policy?: Partial<ReleasePolicy>;
  spec?: Partial<ReleaseSpec>;
  status?: Partial<ReleaseStatus> | null;
  annotations?: Record<string, string>;
  /** the route is recorded and the finalizer is set; default: while the phase moves traffic */
  recorded?: boolean;
  deleting?: boolean;
  created?: number;
}

export const FAST: Partial<ReleasePolicy> = {
  steps: [5, 25, 50].map((weight) => ({
    weight,
    minDurationMs: 30_000,
    maxDurationMs: 300_000,
    pause: false,
  })),
  warmupMs: 10_000,
  drainMs: 30_000,
};

const MOVING: readonly Phase[] = ['Progressing', 'Waiting', 'Promoting', 'RollingBack'];

/** A Release from web:1 to web:2 through Gateway API. */
export function aRelease(change: ReleaseChange = {}): KubeObject {
  const { name = 'web-5', images = ['web:1', 'web:2'], created = 600 } = change;
  const phase = change.status?.phase ?? 'Progressing';
  const recorded = change.recorded ?? MOVING.includes(phase);
  const originals = PROVIDERS.gateway.record(context(aRoute()));
  const spec: ReleaseSpec = {
    target: { name: 'web', uid: UID },
    stable: { replicaSet: `web-${images[0].replace(':', '-')}`, template: podTemplate(images[0]) },
    canary: { template: podTemplate(images[1]) },
    policy: serializePolicy({ ...defaultPolicy(), ...FAST, ...change.policy }),
    analysis: [{ template: 'http', args: {}, spec: serializeTemplate(defaultTemplate()) }],
    traffic: {
      provider: 'gateway',
      service: 'web',
      canaryService: 'web-canary',
      routes: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'web' }],
      rewrite: REWRITE,
    },
    intent: 'Auto',
    ...change.spec,
  };
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-${name}`,
      generation: 1,
      resourceVersion: '70',
      creationTimestamp: ago(created),
      labels: ownLabels('web', name),
      annotations: {
        ...(recorded ? { 'sluice.dev/route-originals': JSON.stringify(originals) } : {}),
        ...change.annotations,
      },
      ...(recorded ? { finalizers: [FINALIZER] } : {}),
      ...(change.deleting === true ? { deletionTimestamp: ago(1) } : {}),
    },
    spec,
    ...(change.status === null ? {} : { status: aStatus(change.status ?? {}) as unknown as JsonObject }),
  };
}

function context(route: KubeObject): TrafficContext {
  return {
    namespace: NAMESPACE,
    target: 'web',
    release: 'web-5',
    owner: ownedBy('Deployment', 'web', UID),
    stableService: SERVICE,
    canaryService: 'web-canary',
    routes: [route],
    made: [],
    originals: undefined,
    wants: NOTHING_WANTED,
  };
}

export function aStatus(change: Partial<ReleaseStatus>): ReleaseStatus {
  return {
    observedGeneration: 1,
    phase: 'Progressing',
    reason: 'Measuring',
    message: 'Under way.',
    step: 0,
    steps: 3,
    weight: 5,
    observedWeight: 5,
    conditions: [],
    decisions: [],
    startedAt: ago(600),
    stepStartedAt: ago(300),
    ...steering(change.phase),
    ...change,
  };
}

/** The record of the first version, which the others change. */
export function initial(change: ReleaseChange = {}): KubeObject {
  const status = {
    phase: 'Promoted' as const,
    reason: 'Initial' as const,
    promotedFor: 'FirstVersion' as const,
    step: -1,
    steps: 0,
    weight: 0,
    observedWeight: 0,
  };
  const made = aRelease({
    name: 'web-2',
    images: ['web:1', 'web:1'],
    created: 10_000,
    ...change,
    status:
      change.status === null
        ? null
        : { ...status, replicaSet: 'web-web-1', endedAt: ago(9_000), ...change.status },
  });
  const spec: JsonObject = { ...made.spec };
  delete spec['traffic'];
  return { ...made, spec };
}

/** A running release at 5%: four stable pods, one canary pod, the weight observed. */
export function underWay(release: ReleaseChange = {}): KubeObject[] {
  const status = { weightObservedAt: ago(200), targetGeneration: 5, ...release.status };
  return [
    aTarget({ image: 'web:2' }),
    ...replicaSet('web:1'),
    ...canary(),
    SERVICE,
    canaryServiceObject(),
    aRoute(5),
    initial(),
    aRelease({ ...release, ...(release.status === null ? {} : { status }) }),
  ];
}

/** One finished measurement of the built-in metric. */
export function measured(
  window: { startMs: number; endMs: number },
  of: { canary: [number, number]; stable: [number, number] } | 'serverError' | 'noData',
): MeasureResult {
  const base = { metric: 'error-rate', window };
  const measurement: Measurement =
    typeof of === 'string'
      ? { ...base, outcome: of, sentence: 'nothing came' }
      : {
          ...base,
          outcome: 'ok',
          kind: 'counts',
          canary: { bad: of.canary[0], total: of.canary[1] },
          stable: { bad: of.stable[0], total: of.stable[1] },
        };
  return { release: 'web-5', step: 0, window, measurements: [measurement] };
}

/** A step of a running release, as `stepAt` changes it. */
export interface StepShape {
  status?: Partial<ReleaseStatus>;
  policy?: Partial<ReleasePolicy>;
  intent?: 'Pause';
  annotations?: Record<string, string>;
  recorded?: boolean;
}

export const stepRelease = ({ status, intent, ...rest }: StepShape) =>
  aRelease({
    ...rest,
    ...(intent === undefined ? {} : { spec: { intent } }),
    status: { weightObservedAt: ago(200), targetGeneration: 5, ...status },
  });

/** A running step, with some objects changed and others removed. */
export const stepAt = (shape: StepShape, by: KubeObject[] = [], gone: [string, string][] = []) =>
  gone.reduce(
    (all, [kind, name]) => without(all, kind, name),
    [stepRelease(shape), ...by].reduce(changed, underWay()),
  );

/** The first window of `underWay`: 10 s of settling after the weight was observed 200 s ago, 15 s long. */
export const FIRST_WINDOW = { startMs: NOW - 190_000, endMs: NOW - 175_000 };

/** Statistics of a step whose last window ended then. */
export const judgedUntil = (measuredUntilMs: number, step = 0): AnalysisState => ({
  version: 1,
  step,
  measuredUntilMs,
  dataUntilMs: measuredUntilMs,
  gaps: 0,
  metrics: {},
  verdicts: [],
});

/** That number of edits by others that were undone within the last ten minutes. */
export const edited = (times: number): Partial<ReleaseStatus> => ({
  reasserted: times,
  reassertedAt: Array.from({ length: times }, (_, i) => ago(100 - i)),
});

type Arms = Exclude<Parameters<typeof measured>[1], string>;
export const SAFE: Arms = { canary: [0, 4000], stable: [4, 8000] };
export const HARM: Arms = { canary: [900, 3000], stable: [4, 8000] };
