import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { ReleaseSpec } from '../../../api/kinds/release/spec.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  changed,
  doing,
  isRehearsal,
  podTemplate,
  replicaSet,
  SERVICE,
} from '../../../test/support/builders.ts';
import { aRelease, initial, type ReleaseChange } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (...objects: (KubeObject | KubeObject[])[]): Decision => decide(aSnapshot(objects));
const held = aTarget({ image: 'web:2' });
const cluster = [held, ...replicaSet('web:1'), SERVICE, aRoute(), initial()];
const custom = (kind: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'shop' },
  spec,
});

/** A Release that was just made and could not be resolved. */
const pending = (change: ReleaseChange = {}): KubeObject => {
  const made = aRelease({ recorded: false, status: null, ...change });
  const spec: JsonObject = { ...made.spec, policy: {}, analysis: [] };
  delete spec['traffic'];
  return { ...made, spec };
};

describe('a new template that does not fit into a Release beside the stable one', () => {
  const image = `web:${'2'.repeat(1100 * 1024)}`;
  const large = [aTarget({ image }), ...replicaSet('web:1'), SERVICE, aRoute(), initial()];

  it('is refused before a Release is tried, and native tools are told the remedy', () => {
    const decision = look(...large);
    expect(decision).toMatchObject({ rule: 'new-template', outcome: 'stalled', reason: 'TargetUnsupported' });
    expect(decision.sentence).toMatch(
      /hold \d+ KiB .*more than the 1024 .*move long values into a ConfigMap/,
    );
    expect(doing(decision)).toEqual([
      'jsonPatch Deployment/web: report the failure to native tools',
      'event Blocked',
    ]);
  });
});

describe('what surrounds a target', () => {
  const object = (apiVersion: string, kind: string, rest: Partial<KubeObject>): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: 'team', namespace: 'shop' },
    ...rest,
  });
  const scaleTargetRef = { kind: 'Deployment', name: 'web' };
  const autoscaler = object('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: { scaleTargetRef } });
  const full = object('v1', 'ResourceQuota', { status: { hard: { pods: '4' }, used: { pods: '4' } } });

  it('is told once, when the release is recorded', () => {
    const does = [
      'create Release/web-5: record the release',
      'event NewRevision',
      'event AutoscalerFollowed',
    ];
    expect(doing(look(...cluster, autoscaler))).toEqual(does);
    expect(doing(look(...cluster, pending(), autoscaler))).toEqual([
      'jsonPatch Release/web-5: complete the record of the release',
      'event AutoscalerFollowed',
    ]);
  });

  it('may leave no room: then nothing of the release is made', () => {
    const decision = look(...cluster, pending(), full);
    expect(decision.status?.next).toMatchObject({ phase: 'Blocked', reason: 'QuotaTooSmall' });
    expect(doing(decision).filter((line) => line.startsWith('create'))).toEqual([]);
  });
});

describe('a held template without a Release', () => {
  it('gets one with everything it will be judged by', () => {
    const decision = look(...cluster);
    expect(doing(decision)).toEqual(['create Release/web-5: record the release', 'event NewRevision']);
    const action = decision.actions.find((each) => !isRehearsal(each));
    const { spec } = (action as unknown as { write: { object: { spec: ReleaseSpec } } }).write.object;
    expect(spec).toMatchObject({
      target: { name: 'web', uid: 'uid-web' },
      stable: { replicaSet: 'web-web-1', template: podTemplate('web:1') },
      canary: { template: podTemplate('web:2') },
      policy: { steps: [{ weight: 5 }, { weight: 25 }, { weight: 50 }], drain: '30s' },
      analysis: [{ template: 'http', spec: { metrics: [{ name: 'error-rate' }] } }],
      traffic: {
        provider: 'gateway',
        service: 'web',
        canaryService: 'web-canary',
        routes: [{ kind: 'HTTPRoute', name: 'web' }],
      },
      intent: 'Auto',
    });
    expect(decision.status?.next).toMatchObject({ phase: 'Pending', step: -1, targetGeneration: 5 });
  });

  it('loses the failure of an earlier one first, so that kubectl rollout status waits', () => {
    const failed = aTarget({
      image: 'web:2',
      conditions: [
        { type: 'Available', status: 'True' },
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' as const, message: 'old' },
      ],
    });
    const [first] = look(...changed(cluster, failed)).actions;
    expect(first).toMatchObject({
      write: {
        subresource: 'status',
        patch: [
          { op: 'test', path: '/metadata/uid' },
          { op: 'test', path: '/metadata/generation' },
          { op: 'test', path: '/status/conditions/1/type', value: 'Progressing' },
          {
            op: 'replace',
            path: '/status/conditions/1',
            value: { status: 'Unknown', reason: 'DeploymentPaused' as const },
          },
        ],
      },
    });
  });

  it('gets one even when nothing about it can be resolved', () => {
    const decision = look(...changed(cluster, aTarget({ image: 'web:2', policy: 'nosuch' })));
    expect(decision.actions[0]).toMatchObject({ write: { object: { spec: { policy: {}, analysis: [] } } } });
  });

  it('is not taken for a change when only restarted: the stable pods are, and it is paused again', () => {
    const template = podTemplate('web:1');
    const metadata = { labels: { app: 'web' }, annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } };
    const restarted = { ...held, spec: { ...held.spec, template: { ...template, metadata } } };
    const decision = look(...changed(cluster, restarted));
    expect([decision.rule, decision.reason]).toEqual(['hold-due', 'RestartOrdered']);
    expect(doing(decision)).toEqual([
      'jsonPatch Deployment/web: let the target roll out',
      'event RestartOrdered',
    ]);
  });

  it.each([
    {
      given: 'it failed',
      status: { phase: 'RolledBack' as const, reason: 'HarmDetected' as const, targetGeneration: 5 },
      tried: false,
    },
    {
      given: 'a human aborted it',
      status: { phase: 'Aborted' as const, reason: 'AbortedByHuman' as const, targetGeneration: 5 },
      tried: false,
    },
    {
      given: 'a human aborted it and the target was stable since',
      status: { phase: 'Aborted' as const, reason: 'AbortedByHuman' as const },
      tried: true,
    },
    {
      given: 'its author had taken it back',
      status: { phase: 'Aborted' as const, reason: 'RevertedByAuthor' as const },
      tried: true,
    },
    {
      given: 'it was superseded',
      status: { phase: 'Superseded' as const, reason: 'Superseded' as const },
      tried: true,
    },
  ])('is tried again: $tried, when $given', ({ status, tried }) => {
    const before = aRelease({
      name: 'web-4',
      recorded: false,
      status: { ...status, weight: 0, endedAt: ago(10) },
    });
    const decision = look(...cluster, before);
    expect(decision.rule).toBe(tried ? 'new-template' : 'template-turned-down');
  });

  it('that failed is tried again once another template has become stable', () => {
    const failed = aRelease({
      name: 'web-3',
      recorded: false,
      status: { phase: 'RolledBack', reason: 'HarmDetected' as const, weight: 0 },
      created: 900,
    });
    const promoted = aRelease({
      name: 'web-4',
      images: ['web:1', 'web:9'],
      status: {
        phase: 'Promoted',
        reason: 'Promoted' as const,
        weight: 0,
        replicaSet: 'web-web-9',
        endedAt: ago(10),
      },
    });
    expect(look(held, replicaSet('web:9'), SERVICE, aRoute(), initial(), failed, promoted).rule).toBe(
      'new-template',
    );
  });
});

describe('a Release that has not begun', () => {
  it('begins its ladder once it is recorded whole', () => {
    const decision = look(
      ...cluster,
      aRelease({ recorded: false, status: { phase: 'Pending', step: -1, weight: 0 } }),
    );
    expect(decision).toMatchObject({
      rule: 'not-begun',
      actions: [],
      status: { next: { phase: 'Progressing', step: 0, steps: 3, weight: 5 } },
    });
  });

  it('is completed in one guarded write when what stood against it is gone', () => {
    const decision = look(...cluster, pending({ status: { phase: 'Blocked', step: -1, weight: 0 } }));
    expect(decision.actions.filter((each) => !isRehearsal(each))).toMatchObject([
      {
        write: {
          verb: 'jsonPatch',
          patch: [
            { op: 'test', path: '/metadata/resourceVersion', value: '70' },
            { path: '/spec/policy', value: { steps: [{ weight: 5 }, {}, {}] } },
            { path: '/spec/analysis', value: [{ template: 'http' }] },
            {
              path: '/spec/traffic',
              value: { provider: 'gateway', rewrite: { app: { from: 'web', to: 'web-canary' } } },
            },
          ],
        },
      },
    ]);
  });

  const policyOf = (analysis: string) =>
    custom('ReleasePolicy', 'default', { analysis: [{ template: analysis }] });

  it.each([
    {
      given: 'a wrong annotation',
      by: [aTarget({ image: 'web:2', annotations: { 'sluice.dev/steps': '5,250' } })],
      reason: 'InvalidAnnotation' as const,
      says: /sluice\.dev\/steps.*250.*above 99; give/,
    },
    {
      given: 'no such policy',
      by: [aTarget({ image: 'web:2', policy: 'nosuch' })],
      reason: 'PolicyNotFound' as const,
      says: /sluice\.dev\/policy.*"nosuch" is no ReleasePolicy; create/,
    },
    {
      given: 'a wrong policy',
      by: [custom('ReleasePolicy', 'default', { steps: [{ weight: 250 }] })],
      reason: 'InvalidPolicy' as const,
      says: /spec\.steps\[0\]\.weight: 250/,
    },
    {
      given: 'no such template',
      by: [policyOf('nosuch')],
      reason: 'TemplateNotFound' as const,
      says: /^spec\.analysis: "nosuch" is no AnalysisTemplate; create/,
    },
    {
      given: 'no such template, named by annotation',
      by: [aTarget({ image: 'web:2', annotations: { 'sluice.dev/analysis': 'nosuch' } })],
      reason: 'TemplateNotFound' as const,
      says: /^metadata\.annotations\[sluice\.dev\/analysis\]: "nosuch" is no/,
    },
    {
      given: 'a wrong template',
      by: [custom('AnalysisTemplate', 'http', { metrics: [] })],
      reason: 'InvalidTemplate' as const,
      says: /spec\.metrics/,
    },
    {
      given: 'an argument without value',
      by: [
        custom('AnalysisTemplate', 'http', {
          args: [{ name: 'limit' }],
          metrics: [{ name: 'e', errorRate: { preset: 'auto' } }],
        }),
      ],
      reason: 'InvalidTemplate' as const,
      says: /args\[limit\]: has no value; give one in the policy/,
    },
    {
      given: 'ready-made queries that nothing fits',
      by: [{ ...aRoute(), status: { parents: [] } }],
      reason: 'PresetUnknown' as const,
      says: /no controller has reported on HTTPRoute web yet/,
    },
    {
      given: 'an unknown Prometheus',
      by: [
        custom('AnalysisTemplate', 'http', {
          prometheus: 'other',
          metrics: [{ name: 'e', errorRate: { preset: 'auto' } }],
        }),
      ],
      reason: 'PrometheusNotConfigured' as const,
      says: /"other" is not an end point.*name one of default/,
    },
  ])('is blocked by $given, with field, value and remedy, and shows as failed', ({ by, reason, says }) => {
    const objects = by.reduce(
      (all, object) => [
        ...all.filter((each) => each.kind !== object.kind || each.metadata.name !== object.metadata.name),
        object,
      ],
      [...cluster, pending()],
    );
    const decision = look(...objects);
    expect(decision).toMatchObject({
      rule: 'not-begun',
      reason,
      outcome: 'stalled',
      status: { next: { phase: 'Blocked' } },
    });
    expect(decision.sentence).toMatch(says);
    expect(doing(decision)[0]).toBe('jsonPatch Deployment/web: report the failure to native tools');
  });

  it.each([
    { given: 'no Service', without: 'Service', reason: 'NoService' as const },
    { given: 'no route', without: 'HTTPRoute', reason: 'NoRoute' as const },
  ])('is blocked by $given', ({ without, reason }) => {
    const decision = look(...cluster.filter((each) => each.kind !== without), pending());
    expect(decision).toMatchObject({ reason, status: { next: { phase: 'Blocked' } } });
  });

  it('is blocked by a canary Deployment that is not ours', () => {
    expect(look(...cluster, canary({ foreign: true }), pending())).toMatchObject({
      reason: 'NameTaken' as const,
      status: { next: { phase: 'Blocked' } },
    });
  });

  it('is promoted without analysis at 0 replicas', () => {
    const objects = changed(cluster, aTarget({ image: 'web:2', replicas: 0 }));
    expect(look(...objects, pending())).toMatchObject({
      actions: [],
      status: { next: { phase: 'Promoting', reason: 'NoReplicas' as const } },
    });
  });

  it('is promoted without analysis when a human orders it, even while blocked', () => {
    const spec = { policy: {}, analysis: [], intent: 'Promote' as const };
    const decision = look(
      ...cluster,
      aRelease({ recorded: false, spec, status: { phase: 'Blocked', weight: 0 } }),
    );
    expect(decision.status?.next).toMatchObject({ phase: 'Promoting', reason: 'PromotedByHuman' });
  });
});

describe('going back to a template that was stable before', () => {
  const promoted = (name: string, images: [string, string], created: number) =>
    aRelease({
      name,
      images,
      created,
      status: {
        phase: 'Promoted',
        reason: 'Promoted' as const,
        weight: 0,
        replicaSet: `web-${images[1].replace(':', '-')}`,
        endedAt: ago(created - 1),
      },
    });
  const now = (...older: KubeObject[]) => {
    const release = aRelease({
      name: 'web-9',
      images: ['web:3', 'web:2'],
      created: 10,
      recorded: false,
      status: { phase: 'Pending', step: -1, weight: 0 },
    });
    return look(held, replicaSet('web:3'), SERVICE, aRoute(), release, ...older);
  };

  it('is promoted without analysis', () => {
    const decision = now(
      promoted('web-4', ['web:2', 'web:3'], 500),
      promoted('web-3', ['web:1', 'web:2'], 800),
    );
    expect(decision.status?.next).toMatchObject({ phase: 'Promoting', reason: 'KnownGood' });
  });

  it('is analysed when it lies too far back', () => {
    const between = [4, 5, 6].map((n) => promoted(`web-${n}`, ['web:2', `web:0${n}`], 600 - n));
    const decision = now(
      promoted('web-7', ['web:2', 'web:3'], 500),
      ...between,
      promoted('web-3', ['web:1', 'web:2'], 800),
    );
    expect(decision.status?.next.phase).toBe('Progressing');
  });

  it('is analysed when it was turned down since', () => {
    const failed = aRelease({
      name: 'web-5',
      images: ['web:9', 'web:2'],
      created: 300,
      recorded: false,
      status: { phase: 'RolledBack', reason: 'HarmDetected' as const, weight: 0 },
    });
    const decision = now(
      failed,
      promoted('web-4', ['web:2', 'web:3'], 500),
      promoted('web-3', ['web:1', 'web:2'], 800),
    );
    expect(decision.status?.next.phase).toBe('Progressing');
  });
});
