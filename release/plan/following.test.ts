import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  without,
  changed,
  doing,
  isRehearsal,
  refusedWrite,
  replicaSet,
  SERVICE,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import { APP, followed } from '../../test/support/followed.ts';
import {
  aRelease,
  FIRST_WINDOW,
  HARM,
  initial,
  measured,
  SAFE,
  stepAt,
} from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const look = (objects: readonly (KubeObject | KubeObject[])[], change: SnapshotChange = {}): Decision =>
  decide(aSnapshot(objects, change));

const policy = (spec: JsonObject = { podSelector: APP }): KubeObject =>
  followed(RESOURCES.networkPolicies, 'deny', spec);

const first = {
  status: {
    weightObservedAt: undefined as never,
    reason: 'PreparingCanary' as const,
    stepStartedAt: ago(10),
  },
  recorded: false,
};
const noCanary: [string, string][] = [
  ['Deployment', 'canary'],
  ['ReplicaSet', 'canary'],
  ['Pod', 'canary'],
];
const before = (...more: KubeObject[]) => [
  ...stepAt(first, [aRoute()], [...noCanary, ['Service', 'canary']]),
  ...more,
];
const within = (...more: KubeObject[]) => [...stepAt({}), ...more];

/** The copy of a policy as it is after it was made. */
function copyOf(original: KubeObject): KubeObject {
  const [action] = look(before(original)).actions;
  const { object } = (action as unknown as { write: { object: KubeObject } }).write;
  return { ...object, metadata: { ...object.metadata, uid: 'uid-copy' } };
}

const copy = copyOf(policy());
const NAME = copy.metadata.name;
const refusal = { [`NetworkPolicy ${NAME}`]: refusedWrite() };
const REMOVE = `delete NetworkPolicy/${NAME}: remove a copy for the canary`;

describe('what follows the canary, in a step', () => {
  it.each([
    {
      given: 'is made before the first pod',
      objects: before(policy()),
      does: [`create NetworkPolicy/${NAME}: copy NetworkPolicy deny for the canary`],
    },
    {
      given: 'stands, so the canary is made',
      objects: before(policy(), copy),
      does: ['create Deployment/web-canary: create the canary'],
    },
    {
      given: 'was edited, so its copy is',
      objects: within(policy({ podSelector: APP, policyTypes: ['Ingress'] }), copy),
      does: ['measure', `jsonPatch NetworkPolicy/${NAME}: update the copy of NetworkPolicy deny`],
    },
    { given: 'was deleted, so its copy is', objects: within(copy), does: ['measure', REMOVE] },
    {
      given: 'came in mid-step, so it is copied',
      objects: within(policy()),
      does: ['measure', `create NetworkPolicy/${NAME}: copy NetworkPolicy deny for the canary`],
    },
    {
      given: 'has not changed, so the canary is measured',
      objects: within(policy(), copy),
      does: ['measure'],
    },
  ])('$given', ({ objects, does }) => {
    expect(doing(look(objects))).toEqual(does);
  });

  it('holds a change to the copy it was decided about, and to the whole of it', () => {
    const edited = policy({ podSelector: APP, egress: [] });
    const action = look(within(edited, copy)).actions.at(-1);
    expect(action).toMatchObject({
      onRefusal: { then: 'goOn', name: `NetworkPolicy ${NAME}` },
      write: {
        patch: [
          { op: 'test', path: '/metadata/uid', value: 'uid-copy' },
          { path: '/metadata/labels' },
          { path: '/metadata/annotations' },
          { path: '/spec', value: { podSelector: { matchLabels: { app: 'web-canary' } }, egress: [] } },
        ],
      },
    });
  });

  it('does not keep what was measured from being judged', () => {
    const decision = look(within(policy()), { measured: measured(FIRST_WINDOW, HARM) });
    expect(decision.status?.next.phase).toBe('RollingBack');
    expect(doing(decision)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
  });

  it('changes nothing about the step under way', () => {
    const measuring = { measured: measured(FIRST_WINDOW, SAFE) };
    expect(look(within(policy()), measuring).status).toEqual(look(within(), measuring).status);
  });

  it('what the server or others add to a copy is left alone', () => {
    const touched = { ...copy, spec: { ...copy.spec, filledIn: true } };
    touched.metadata = { ...copy.metadata, labels: { ...copy.metadata.labels, seen: 'yes' } };
    expect(doing(look(within(policy(), touched)))).toEqual(['measure']);
  });

  it('keeps the weight where it is while a copy is refused', () => {
    const decision = look(before(policy()), { refused: refusal });
    expect(decision).toMatchObject({ outcome: 'stalled', actions: [] });
    expect(decision.status?.next).toMatchObject({
      phase: 'Waiting',
      reason: 'Forbidden' as const,
      message: expect.stringMatching(/copy NetworkPolicy deny .*no right; give Sluice get, list/) as unknown,
    });
  });

  it('does not stop the judging of a canary that has its weight', () => {
    expect(doing(look(within(policy()), { refused: refusal }))).toEqual(['measure']);
    const unknown = { forbidden: [RESOURCES.networkPolicies] };
    expect(doing(look(within(), unknown))).toEqual(['measure']);
  });

  it('waits for a human where an edit left nothing to copy', () => {
    const cilium = followed(RESOURCES.ciliumNetworkPolicies, 'c', { endpointSelector: APP });
    expect(look(before(cilium)).status?.next).toMatchObject({
      phase: 'Waiting',
      reason: 'PolicyCannotFollow' as const,
    });
  });
});

describe('what follows the canary, before a release', () => {
  const cluster = (...more: KubeObject[]) => [
    aTarget({ image: 'web:2' }),
    ...replicaSet('web:1'),
    SERVICE,
    aRoute(),
    initial(),
    ...more,
  ];

  it('is rehearsed before the release is recorded', () => {
    const { actions } = look(cluster(policy()));
    expect(actions[0]).toMatchObject({
      onRefusal: { then: 'stop', name: `NetworkPolicy ${NAME}` },
      write: { verb: 'create', dryRun: true, object: { metadata: { name: NAME } } },
    });
    const last = actions.findLastIndex(isRehearsal);
    expect(actions[last + 1]).toMatchObject({ why: 'record the release' });
  });

  /** A Release that was just made and could not be resolved. */
  const pending = (): KubeObject => {
    const made = aRelease({ recorded: false, status: null });
    const spec: JsonObject = { ...made.spec, policy: {}, analysis: [] };
    delete spec['traffic'];
    return { ...made, spec };
  };

  it.each([
    {
      given: 'a kind may not be listed',
      change: { forbidden: [RESOURCES.sidecars] },
      says: /^sidecars\.networking\.istio\.io may not be listed in namespace shop.*give Sluice get, list, watch, create, patch and delete/,
    },
    {
      given: 'a copy was refused',
      change: { refused: refusal },
      says: /copy NetworkPolicy deny for the canary: no right; give Sluice/,
    },
  ])('blocks it where $given', ({ change, says }) => {
    const { next } = look([...cluster(policy()), pending()], change).status!;
    expect(next).toMatchObject({ phase: 'Blocked', reason: 'Forbidden' });
    expect(next.message).toMatch(says);
  });

  it('blocks it where a policy cannot follow', () => {
    const strange = {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
    };
    const { next } = look([...cluster(policy(strange)), pending()]).status!;
    expect(next).toMatchObject({ phase: 'Blocked', reason: 'PolicyCannotFollow' });
  });

  it('stands against nothing that is promoted without analysis', () => {
    const objects = changed(cluster(policy()), aTarget({ image: 'web:2', replicas: 0 }));
    const { next } = look([...objects, pending()], { refused: refusal }).status!;
    expect(next.reason).toBe('NoReplicas');
  });
});

describe('a NetworkPolicy of another namespace that lets in stable pods alone', () => {
  const foreign = followed(
    RESOURCES.networkPolicies,
    'unspoken',
    {
      podSelector: {},
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
              podSelector: APP,
            },
          ],
        },
      ],
    },
    { namespace: 'whispered' },
  );
  const held = [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), SERVICE, aRoute(), initial()];
  const notes = ({ actions }: Decision) =>
    actions.filter((each) => each.do === 'event' && each.reason === 'CanaryMayBeCutOff');

  it('is a note when the release is recorded, with its name nowhere', () => {
    const decision = look(held, { strange: [foreign] });
    expect(doing(decision)).toContain('create Release/web-5: record the release');
    expect(notes(decision)).toMatchObject([
      { type: 'Normal', message: expect.stringContaining('A NetworkPolicy of another namespace') as unknown },
    ]);
    expect(JSON.stringify(decision)).not.toMatch(/unspoken|whispered/);
    expect(notes(look(held))).toEqual([]);
  });

  it('does not move the label that tells canary pods apart', () => {
    const recorded = (decision: Decision) =>
      decision.actions.filter((each) => each.do === 'write' && each.why === 'record the release');
    expect(recorded(look(held, { strange: [foreign, foreign] }))).toEqual(recorded(look(held)));
  });

  it.each([
    ['before the canary is made', before()],
    ['in a step', within()],
  ])('changes nothing about a release under way: %s', (_name, objects) => {
    expect(look(objects, { strange: [foreign] })).toEqual(look(objects));
  });

  it('stands against a new release where its namespace is trusted, and says which it is', () => {
    const made = aRelease({ recorded: false, status: null });
    const spec: JsonObject = { ...made.spec, policy: {}, analysis: [] };
    delete spec['traffic'];
    const { next } = look([...held, { ...made, spec }], { elsewhere: [foreign] }).status!;
    expect(next).toMatchObject({ phase: 'Blocked', reason: 'PolicyCannotFollow' });
    expect(next.message).toContain('NetworkPolicy unspoken of namespace whispered');
  });

  it('and keeps the weight of one under way where it is', () => {
    const { next } = look(before(), { elsewhere: [foreign] }).status!;
    expect(next).toMatchObject({ phase: 'Waiting', reason: 'PolicyCannotFollow' });
  });
});

describe('what followed the canary, at the end', () => {
  const ending = (...more: (KubeObject | KubeObject[])[]) => [
    aTarget({ image: 'web:2' }),
    ...replicaSet('web:1'),
    SERVICE,
    aRoute(),
    initial(),
    aRelease({
      recorded: false,
      status: {
        phase: 'RollingBack',
        reason: 'HarmDetected' as const,
        weight: 0,
        observedWeight: 0,
        drainStartedAt: ago(600),
      },
    }),
    policy(),
    copy,
    ...more,
  ];

  it.each([
    {
      given: 'stays while canary pods end',
      objects: ending(canary().filter(({ kind }) => kind === 'Pod')),
      does: [],
    },
    { given: 'goes after the last of them', objects: ending(), does: [REMOVE] },
  ])('$given', ({ objects, does }) => {
    expect(doing(look(objects))).toEqual(does);
  });

  it('does not keep the release from ending if it may not be removed', () => {
    expect(look(ending(), { refused: refusal }).status?.next.phase).toBe('RolledBack');
  });

  it.each([
    {
      given: 'a canary is left',
      left: canary({ ready: 0 }),
      does: ['delete Deployment/web-canary: remove a canary'],
    },
    { given: 'nothing else is', left: [], does: [REMOVE] },
  ])('is removed last if its Release was torn away: $given', ({ left, does }) => {
    const objects = [aTarget(), replicaSet('web:1'), SERVICE, aRoute(), initial(), policy(), copy, left];
    expect(doing(look(objects))).toEqual(does);
  });
});

describe('what follows the canary, while it is promoted', () => {
  const promoting = (...more: (KubeObject | KubeObject[])[]) => [
    aTarget({ image: 'web:2', paused: false }),
    ...replicaSet('web:1'),
    SERVICE,
    canaryServiceObject(),
    aRoute(50),
    initial(),
    aRelease({
      status: {
        phase: 'Promoting',
        reason: 'AllStepsPassed' as const,
        step: 2,
        weight: 50,
        observedWeight: 50,
      },
    }),
    ...more,
  ];

  it('follows edits as long as the canary has traffic', () => {
    expect(doing(look(promoting(canary(), policy())))).toContain(
      `create NetworkPolicy/${NAME}: copy NetworkPolicy deny for the canary`,
    );
  });

  it('is not made where no canary is', () => {
    const status = {
      phase: 'Promoting' as const,
      reason: 'KnownGood' as const,
      step: -1,
      weight: 0,
      observedWeight: 0,
    };
    const objects = changed(
      without(promoting(policy()).flat(), 'Service', 'web-canary'),
      aRelease({ recorded: false, status }),
    );
    expect(doing(look(changed(objects, aRoute())))).toEqual([]);
  });
});
