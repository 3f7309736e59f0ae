import * as fc from 'fast-check';
import { isTerminal } from '../../api/conditions.ts';
import type { JsonObject } from '../../lib/json.ts';
import { templatesEqual } from '../../release/canary/index.ts';
import type { HoldMode } from '../../release/model.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { KubeRequest } from '../../kube/types.ts';
import { Invariants } from './invariants.ts';
import { WORLD_PROVIDERS, type WorldProvider } from './mesh.ts';
import { act, isMarkedFailed } from './scenario.ts';
import { generator, World, type Fault } from './world.ts';

const NETWORK_POLICIES = 'networkpolicies.networking.k8s.io';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The events of one random story, in order. */
export interface Story {
  provider: WorldProvider;
  hold: HoldMode;
  replicas: number;
  onNewRevision: 'supersede' | 'queue';
  onFailure: 'hold' | 'revert';
  /** fields of the policy that say where requests go, as far as the provider supports them */
  splitting: Splitting;
  seed: number;
  /** the share of the controller's writes that fail */
  faults: number;
  staleMs: number;
  warmup: string;
  events: { afterMs: number; event: string }[];
}

const MIRROR = { percent: 50, minDuration: '30s', maxDuration: '5m' };
const MATCH = { headers: [{ name: 'x-beta', exact: 'yes' }] };
const AB_STEPS = [
  { weight: 0, minDuration: '30s', maxDuration: '5m' },
  { weight: 20, minDuration: '30s', maxDuration: '5m' },
];
const FRACTIONS = [
  { weight: 0.5, minDuration: '30s', maxDuration: '5m' },
  { weight: 40.25, minDuration: '30s', maxDuration: '5m' },
];

const SPLITTINGS = {
  canary: {},
  fractions: { steps: FRACTIONS },
  mirror: { mirror: MIRROR },
  ab: { strategy: 'ab', match: MATCH, steps: AB_STEPS },
  abAfterCopies: { strategy: 'ab', match: MATCH, steps: AB_STEPS, mirror: MIRROR },
  blueGreen: { strategy: 'blueGreen', bake: '1m' },
  blueGreenAfterCopies: { strategy: 'blueGreen', bake: '1m', mirror: MIRROR },
} satisfies Record<string, JsonObject>;

type Splitting = keyof typeof SPLITTINGS;
const ALL = Object.keys(SPLITTINGS) as Splitting[];

/** What each provider supports; if a story needs more, it is a plain canary. */
const ABLE: Record<WorldProvider, readonly Splitting[]> = {
  gateway: ALL,
  istio: ALL,
  mesh: ALL,
  nginx: ['canary', 'fractions', 'ab', 'blueGreen'],
  linkerd: ['canary', 'fractions', 'blueGreen'],
  replicas: ['canary'],
  worker: ['canary'],
};

const policyOf = ({ provider, splitting }: Story): JsonObject =>
  ABLE[provider].includes(splitting) ? SPLITTINGS[splitting] : {};

const EVENT = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('good', 'better', 'bad', 'live-bad', 'v1').map((name) => `release ${name}`),
  },
  { weight: 2, arbitrary: fc.constantFrom('release crashing', 'release never-ready') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 }).map((count) => `scale ${count}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('intent Abort', 'intent Promote', 'intent Pause', 'intent Auto', 'resume'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('prometheus down', 'prometheus empty', 'prometheus poison', 'prometheus none'),
  },
  { weight: 2, arbitrary: fc.constantFrom('churn 20s', 'churn 7s', 'churn', 'confirm none', 'confirm all') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'forbid POST .*/services',
      'forbid .*/networkpolicies',
      'forbid',
      'unread-statistics',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('unpause', 'opt-out', 'opt-in', 'kill-canary-pods', 'crash') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'canary-weight 0',
      'canary-weight 80',
      'canary-weight 90',
      'reset-route',
      'delete-made',
      'delete-release',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('restart', 'rollout-resume', 'restart', 'hold pause', 'hold admission'),
  },
  { weight: 1, arbitrary: fc.constantFrom('delete-policies') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      `apply ${NETWORK_POLICIES} deny {"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Ingress"]}`,
      `apply ${NETWORK_POLICIES} deny {"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Egress"]}`,
      `apply ${NETWORK_POLICIES} others {"podSelector":{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]},"policyTypes":["Ingress"]}`,
      `delete ${NETWORK_POLICIES} others`,
      `delete ${NETWORK_POLICIES} deny`,
      'apply poddisruptionbudgets.policy web {"selector":{"matchLabels":{"app":"web"}},"minAvailable":2}',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('delete-canary', 'delete-canary-service', 'delete-policy'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('delete-target', 'create-target', 'create-target'),
  },
);

export const STORY: fc.Arbitrary<Story> = fc.record({
  provider: fc.constantFrom(...WORLD_PROVIDERS),
  hold: fc.constantFrom('pause', 'admission'),
  replicas: fc.integer({ min: 1, max: 5 }),
  onNewRevision: fc.constantFrom('supersede', 'queue'),
  onFailure: fc.constantFrom('hold', 'revert'),
  splitting: fc.constantFrom('canary', ...ALL),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  faults: fc.constantFrom(0, 0, 0.05, 0.2),
  staleMs: fc.constantFrom(0, 0, 0, 300, 2_000),
  warmup: fc.constantFrom('5s', '5s', '60s'),
  events: fc.array(
    fc.record({
      afterMs: fc.oneof(
        fc.integer({ min: 0, max: 2 * SECOND }),
        fc.integer({ min: 0, max: 40 * SECOND }),
        fc.integer({ min: 0, max: 4 * MINUTE }),
      ),
      event: EVENT,
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

const FAULTS: readonly Fault[] = ['conflict', 'lost', 'crashBefore', 'crashAfter'];

/** Long enough for any release to end, or to wait for a human, once the world is quiet. */
const QUIET_MS = 40 * MINUTE;

/** Plays a story to its end; returns what broke. */
export async function tell(story: Story): Promise<string[]> {
  const { provider, hold, replicas, onNewRevision, onFailure, seed } = story;
  const world = new World({
    provider,
    hold,
    replicas,
    seed,
    policy: { onNewRevision, onFailure, warmup: story.warmup, ...policyOf(story) },
  });
  const invariants = new Invariants(world);
  await world.until(() => world.phase() === 'Promoted/Initial', MINUTE);
  const random = generator(seed + 1);
  world.staleFor = story.staleMs;
  world.fault = (request: KubeRequest): Fault => {
    if (request.url.includes('/events') || random() >= story.faults) return 'none';
    return FAULTS[Math.floor(random() * FAULTS.length)] ?? 'none';
  };
  for (const { afterMs, event } of story.events) {
    await world.run(afterMs);
    await act(world, invariants, event);
  }
  world.fault = () => 'none';
  world.staleFor = 0;
  for (const calm of ['prometheus none', 'churn', 'confirm all', 'forbid'])
    await act(world, invariants, calm);
  await world.run(QUIET_MS);
  const writes = invariants.writes;
  await world.run(10 * MINUTE);
  invariants.atRest();
  const restlessness = restless(world, invariants.writes - writes);
  return [...invariants.broken, ...ending(world), ...forgotten(world), ...restlessness];
}

/** The template that the target holds is stable, or the newest Release says why it is not. */
function forgotten(world: World): string[] {
  const [newest] = world.releases();
  const target = world.target();
  if (newest?.status === undefined || target?.metadata.annotations?.['sluice.dev/policy'] === undefined)
    return [];
  const template = target.spec?.['template'] as JsonObject;
  // Rejected in this release, or in an earlier one against the same stable version.
  if (accounted(newest, template) || isMarkedFailed(target)) return [];
  return [`${world.image()} is forgotten in ${world.phase()} (${world.decisions.slice(-6).join(' > ')})`];
}

function accounted({ spec, status }: Release, template: JsonObject): boolean {
  const { phase, reason } = status ?? { phase: 'Pending' as const };
  const stable = templatesEqual(spec.stable.template, template);
  const canary = templatesEqual(spec.canary.template, template);
  if (!isTerminal(phase)) return true;
  if (phase === 'Promoted') return canary;
  if (phase === 'Escaped') return canary || stable;
  return (
    stable ||
    (canary && (phase === 'RolledBack' || reason === 'AbortedByHuman' || reason === 'TrafficShareTooHigh'))
  );
}

/** If no release is running, nothing is written. */
function restless(world: World, writes: number): string[] {
  const phase = world.newest()?.status?.phase;
  if (writes === 0 || phase === 'Waiting') return [];
  return [`${writes} writes while ${world.phase()} (${world.decisions.slice(-6).join(' > ')})`];
}

const ENDINGS = ['Promoted', 'RolledBack', 'Aborted', 'Superseded', 'Escaped', 'Waiting', 'Blocked'];

/** A quiet world comes to rest: the newest release has ended, or a human must act. */
function ending(world: World): string[] {
  const [newest] = world.releases();
  if (newest === undefined) return [];
  const phase = newest.status?.phase ?? 'none';
  if (ENDINGS.includes(phase)) return [];
  return [`never ends: ${world.phase()} (${world.decisions.slice(-6).join(' > ')})`];
}
