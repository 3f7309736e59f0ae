import { buildConditions, isTerminal } from '../../api/conditions.ts';
import { API_VERSION } from '../../api/names.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';

export const STARTED = '2026-01-01T00:00:00Z';

const podTemplate = (image: string) => ({
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'app', image }] },
});

/** The fields that a status of that phase needs. */
export function steering(phase: Phase | undefined): Partial<ReleaseStatus> {
  switch (phase) {
    case 'Promoting':
    case 'Promoted':
      return { promotedFor: 'Analysis' };
    case 'RollingBack':
    case 'RolledBack':
      return { withdrawal: { endsAs: 'RolledBack', turnedDown: true } };
    case 'Aborted':
      return { withdrawal: { endsAs: 'Aborted', turnedDown: true } };
    case 'Superseded':
      return { withdrawal: { endsAs: 'Superseded', turnedDown: false, by: 'Author' } };
    default:
      return {};
  }
}

/**
 * A well-formed status of the given phase; conditions and endedAt follow from the phase unless they are
 * given.
 */
export function aStatus(change: Partial<ReleaseStatus>): ReleaseStatus {
  const phase = change.phase ?? 'Progressing';
  const reason = change.reason ?? 'Measuring';
  const message = change.message ?? 'Step 1 of 3: 5% of requests go to the canary.';
  return {
    observedGeneration: 1,
    phase,
    reason,
    message,
    step: 0,
    steps: 3,
    weight: isTerminal(phase) ? 0 : 5,
    observedWeight: isTerminal(phase) ? 0 : 5,
    conditions: buildConditions({
      phase,
      reason,
      message,
      observedGeneration: 1,
      nowMs: Date.parse(STARTED),
    }),
    decisions: [{ time: STARTED, reason: 'NewRevision', sentence: 'A new template was seen.' }],
    startedAt: STARTED,
    ...steering(phase),
    ...(isTerminal(phase) ? { endedAt: '2026-01-01T00:10:00Z' } : {}),
    ...change,
  };
}

/** A Release of Deployment `shop` from image shop:1 to shop:2. */
export function aRelease(change: {
  name?: string;
  spec?: Partial<ReleaseSpec>;
  status?: ReleaseStatus;
}): Release {
  return {
    apiVersion: API_VERSION,
    kind: 'Release',
    metadata: {
      name: change.name ?? 'shop-2',
      namespace: 'default',
      uid: `uid-${change.name ?? 'shop-2'}`,
      generation: 1,
      creationTimestamp: STARTED,
      labels: { 'sluice.dev/target': 'shop' },
    },
    spec: {
      target: { name: 'shop', uid: 'uid-shop' },
      stable: { replicaSet: 'shop-5d9c', template: podTemplate('shop:1') },
      canary: { template: podTemplate('shop:2') },
      policy: serializePolicy(defaultPolicy()),
      analysis: [{ template: 'http', args: {}, spec: serializeTemplate(defaultTemplate()) }],
      traffic: {
        provider: 'gateway',
        service: 'shop',
        canaryService: 'shop-canary',
        routes: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'shop' }],
        rewrite: { app: { from: 'shop', to: 'shop-canary' } },
      },
      intent: 'Auto',
      ...change.spec,
    },
    ...(change.status === undefined ? {} : { status: change.status }),
  };
}
