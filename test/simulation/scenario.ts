import { parseDuration } from '../../lib/duration.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { getObject, getObjects, getString, isObject } from '../../lib/json.ts';
import { decide } from '../../release/decide.ts';
import type { HoldMode } from '../../release/model.ts';
import { APPLY_EVENTS, installedByHelm, ownersIn } from './applied.ts';
import type { Confirms } from './cluster.ts';
import { ASKED_OF_POLICIES, POLICY_EVENTS } from './companions.ts';
import { Invariants } from './invariants.ts';
import { canaryWanted, isByPods, isCanaryPod, scaleCanary } from './by-pods.ts';
import { pauseGuards } from './manifests.ts';
import { deleteMade, resetVirtualService, turnMesh, VIRTUAL_SERVICES, type WorldProvider } from './mesh.ts';
import { ROUTE, SERVICE, target, VERSIONS, type Version } from './objects.ts';
import { readyPods, type Outage } from './prometheus.ts';
import { steeredByWords } from './rewording.ts';
import { liveSplit } from './split.ts';
import { imageOf, NAME, NAMESPACE, World, type WorldOptions } from './world.ts';

const DEPLOYMENTS = 'deployments.apps';
const ROUTES = 'httproutes.gateway.networking.k8s.io';

/** One line of a scenario file: its number, its first word, and the rest. */
export interface Line {
  number: number;
  verb: string;
  rest: string;
}

export function parseScenario(text: string): Line[] {
  return text.split('\n').flatMap((line, index): Line[] => {
    const [verb = '', ...rest] = line.replace(/#.*/, '').trim().split(/\s+/);
    return verb === '' ? [] : [{ number: index + 1, verb, rest: rest.join(' ') }];
  });
}

/** What users, the cluster and Prometheus can do to a world, by name. */
export const EVENTS: Record<string, (world: World, argument: string) => void> = {
  // `release good INC-1`: its manifest also has the annotation sluice.dev/skip
  release: (world, argument) => {
    const [name = '', ...skip] = argument.split(' ');
    world.release(versionOf(name), skip.join(' '));
  },
  scale: (world, count) => world.editTarget((spec) => (spec['replicas'] = Number(count))),
  unpause: (world) => world.editTarget((spec) => (spec['paused'] = false)),
  'opt-out': (world) =>
    world.editTarget((_, draft) => delete draft.metadata.annotations?.['sluice.dev/policy']),
  'opt-in': (world) =>
    world.editTarget((_, draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, 'sluice.dev/policy': 'fast' };
    }),
  annotate: (world, pair) => annotate(world, pair, 'kubectl-annotate'),
  // by the tool that also applies the manifests
  'annotate-in-manifest': (world, pair) => annotate(world, pair, 'kubectl'),
  // the mode that the controller uses from its next look; `do hold admission` also installs the policies
  hold: (world, mode) => {
    if (mode === 'admission') world.installPolicies();
    world.switchHold(mode as HoldMode);
  },
  // the user name in the policies
  exempt: (world, user) => world.exempt(user),
  'delete-policies': (world) => world.removePolicies(),
  // like `kubectl apply -k manifests/admission/pause-mode`
  'install-guards': (world) => world.installPolicies(pauseGuards()),
  // like `kubectl rollout restart`
  restart: (world) =>
    world.editTarget((spec) => {
      const template = spec['template'] as { metadata: { annotations?: Record<string, string> } };
      const at = new Date(world.clock.now()).toISOString();
      template.metadata.annotations = {
        ...template.metadata.annotations,
        'kubectl.kubernetes.io/restartedAt': at,
      };
    }),
  // like `kubectl apply`, which keeps annotations that others added to the template
  'release-keeping-annotations': (world, name) =>
    world.editTarget((spec) => {
      const before = spec['template'] as { metadata: { annotations?: JsonObject } };
      const next = structuredClone(versionOf(name).template) as { metadata: JsonObject };
      next.metadata['annotations'] = { ...before.metadata.annotations };
      spec['template'] = next;
    }),
  // like a patch of the whole spec by a tool that does not know the pause
  'replace-spec': (world) => world.editTarget((spec) => delete spec['paused']),
  // like `kubectl rollout resume`
  'rollout-resume': (world) => world.resume(),
  intent: (world, value) => world.intent(value),
  resume: (world) =>
    world.edit('releases.sluice.dev', world.newest()?.metadata.name ?? '', (draft) => {
      const step = String(world.newest()?.status?.step ?? 0);
      draft.metadata.annotations = { ...draft.metadata.annotations, 'sluice.dev/resumed-step': step };
    }),
  // like `sluice retry`
  retry: (world) => annotateRelease(world, 'sluice.dev/retry'),
  // like `sluice revert`
  revert: (world) => annotateRelease(world, 'sluice.dev/revert'),
  // the statistics of the newest Release, in a layout that nobody knows
  'unread-statistics': (world) => {
    const draft = world.get('releases.sluice.dev', world.newest()?.metadata.name ?? '');
    for (const known of Object.values(getObject(draft?.status, 'analysis', 'metrics') ?? {}))
      if (isObject(known)) known['data'] = { harm: null };
    if (draft !== undefined) world.api.store.update('releases.sluice.dev', draft, { subresource: 'status' });
  },
  // like `sluice resume` when no step waits for it
  'resume-waiting': (world) => annotateRelease(world, 'sluice.dev/resume'),
  'delete-target': (world) => remove(world, DEPLOYMENTS, NAME),
  'delete-release': (world) => remove(world, 'releases.sluice.dev', world.newest()?.metadata.name ?? ''),
  // like `kubectl replace --force`: deletes the target, and creates it again with that version
  'replace-target': (world, name) => {
    remove(world, DEPLOYMENTS, NAME);
    world.api.store.create(DEPLOYMENTS, target(4, {}, versionOf(name).template));
  },
  // like `kubectl apply` of the first manifest, after a deletion; with that version, or v1
  'create-target': (world, name) => {
    const { template } = versionOf(name || 'v1');
    if (world.target() === undefined) world.api.store.create(DEPLOYMENTS, target(3, {}, template));
  },
  'delete-canary': (world) => remove(world, DEPLOYMENTS, 'web-canary'),
  'delete-stable-service': (world) => remove(world, 'services', 'web'),
  'create-stable-service': (world) => world.api.store.create('services', structuredClone(SERVICE)),
  'delete-canary-service': (world) => remove(world, 'services', 'web-canary'),
  // a GitOps tool restores the route from Git
  'reset-route': (world) => {
    world.edit(ROUTES, 'web', (draft) => (draft.spec = structuredClone(ROUTE.spec ?? {})));
    resetVirtualService(world);
  },
  'delete-policy': (world) => remove(world, 'releasepolicies.sluice.dev', 'fast'),
  'delete-route': (world) => {
    remove(world, ROUTES, 'web');
    remove(world, VIRTUAL_SERVICES, 'web');
  },
  'delete-made': (world) => deleteMade(world),
  // a user changes the weights of a running release
  'canary-weight': (world, weight) => {
    turnMesh(world, Number(weight));
    if (isByPods(world)) scaleCanary(world, Number(weight));
    world.edit(ROUTES, 'web', (draft) => {
      const refs = getObjects(getObjects(draft, 'spec', 'rules')[0], 'backendRefs');
      if (refs.length < 2) return;
      for (const ref of refs) {
        const share = Number(weight);
        ref['weight'] = getString(ref, 'name') === 'web-canary' ? share : 100 - share;
      }
    });
  },
  'kill-canary-pods': (world) => {
    const pods = world.api.store.list('pods', NAMESPACE);
    for (const pod of pods.filter(isCanaryPod)) {
      world.api.store.delete('pods', NAMESPACE, pod.metadata.name);
    }
  },
  // a container of each canary pod is killed for its memory and runs again, sooner than a probe sees
  'canary-oom': (world) => {
    const terminated = {
      reason: 'OOMKilled',
      exitCode: 137,
      finishedAt: new Date(world.clock.now()).toISOString(),
    };
    for (const pod of world.api.store.list('pods', NAMESPACE).filter(isCanaryPod)) {
      for (const container of getObjects(pod, 'status', 'containerStatuses')) {
        container['restartCount'] = Number(container['restartCount']) + 1;
        container['lastState'] = { terminated };
      }
      world.api.store.update('pods', pod, { subresource: 'status' });
    }
  },
  // one of them every so often, as spot nodes, evictions and autoscalers do; without a time: ends that
  churn: (world, every) => (world.churnMs = every === '' ? undefined : milliseconds(every)),
  // what the gateway says about routes: STATUS in cluster.ts, or `none`
  confirm: (world, what) => world.gateway.confirm(what as Confirms),
  // what stable did in the hour before varies too much to calibrate
  'restless-history': (world) => (world.prometheus.restless = true),
  prometheus: (world, state) => (world.prometheus.outage = state as Outage),
  // sends that percentage to the canary, whatever the route says; `follows`: does what the route says
  'data-plane': (world, state) =>
    (world.prometheus.stuckAt = state === 'follows' ? undefined : Number(state)),
  // the objects of the app belong to a chart
  'installed-by-helm': installedByHelm,
  ...POLICY_EVENTS,
  crash: (world) => world.restart(),
  // once, at the next write that would give fields back
  'die-before-giving-back': (world) => {
    world.fault = ({ body = '' }) => {
      if (!body.includes('/metadata/managedFields')) return 'none';
      world.fault = () => 'none';
      return 'crashBefore';
    };
  },
  // CODE PATTERN MESSAGE: the server's answer to writes whose "METHOD url" matches; without an argument: the
  // server accepts them again
  answer: (world, text) => {
    const [, code = '', pattern = '', message = ''] = /^(\d+) "([^"]*)" (.*)$/.exec(text) ?? [];
    world.answers = text === '' ? undefined : { code: Number(code), matches: new RegExp(pattern), message };
  },
  // removes the right to write what matches "METHOD url"; without an argument: restores all rights
  forbid: (world, pattern) => (world.forbidden = pattern === '' ? undefined : new RegExp(pattern)),
};

function annotateRelease(world: World, annotation: string): void {
  world.edit('releases.sluice.dev', world.newest()?.metadata.name ?? '', (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [annotation]: 'true' };
  });
}

/** `key=value`; without a value the annotation is removed. */
function annotate(world: World, pair: string, by: string): void {
  const [key = '', ...value] = pair.split('=');
  const change = (draft: KubeObject): void => {
    const rest = Object.entries(draft.metadata.annotations ?? {}).filter(([each]) => each !== key);
    const set = value.length === 0 ? [] : [[key, value.join('=')]];
    draft.metadata.annotations = Object.fromEntries([...rest, ...set]) as Record<string, string>;
  };
  world.edit(DEPLOYMENTS, NAME, change, by);
}

function versionOf(name: string): Version {
  const version = VERSIONS.find((each) => each.name === name);
  if (version === undefined) throw new Error(`no version ${name}`);
  return version;
}

function remove(world: World, resource: string, name: string): void {
  if (world.get(resource, name) !== undefined) world.api.store.delete(resource, NAMESPACE, name);
}

/** The values of a world that scenarios can check, by name, as text. */
const ASKED: Record<string, (world: World) => string> = {
  ...ASKED_OF_POLICIES,
  phase: (world) => world.phase(),
  message: (world) => world.newest()?.status?.message ?? '',
  // what the counts of the last step say about its weight
  share: (world) => world.newest()?.status?.share?.reason ?? 'none',
  image: (world) => world.image(),
  weight: (world) => String(liveSplit(world).weight),
  // percent of requests that are copied
  copies: (world) => String(liveSplit(world).mirror),
  // whether requests that match go to the canary
  matching: (world) => String(liveSplit(world).matching),
  // the number of ready canary pods
  pods: (world) => String(readyPods(world, 'web-canary').length),
  // nothing is held; the next change of the template will be
  idle: (world) => String(isIdle(world)),
  // the template does not roll out
  held: (world) => String(holdOf(world) === (world.hold === 'pause' ? 'paused' : 'paused marked')),
  refused: (world) => world.refused || 'nothing',
  // every owner of a field of the app's objects
  owners: ownersIn,
  failures: (world) => world.failure || 'none',
  paused: (world) => String(world.target()?.spec?.['paused'] === true),
  failed: (world) => String(isMarkedFailed(world.target())),
  releases: (world) =>
    world
      .releases()
      .map((release) => `${release.status?.phase ?? 'none'}/${release.status?.reason ?? ''}`)
      .reverse()
      .join(' ') || 'none',
  serving: (world) => [...new Set(podImages(world))].sort().join(' '),
  // how often the target's pods got another ReplicaSet by a restart of v1
  restarts: (world) => String(restartsOf(world)),
  'canary-pods': (world) => String(canaryWanted(world)),
  // bounded clocks that are running
  clocks: (world) => (world.newest()?.status?.clocks ?? []).map(({ name }) => name).join(' ') || 'none',
  // True: only a human can remove the obstacle
  'needs-human': (world) =>
    String(world.newest()?.status?.conditions.some(({ type }) => type === 'NeedsHuman') ?? false),
  verdict: (world) => world.newest()?.status?.verdict?.result ?? 'none',
  observed: (world) => String(world.newest()?.status?.observedWeight),
  reasserted: (world) => String(world.newest()?.status?.reasserted ?? 0),
  canary: (world) => (world.get(DEPLOYMENTS, 'web-canary') === undefined ? 'gone' : 'there'),
  events: (world) =>
    [...new Set(world.api.store.list('events', NAMESPACE).map((each) => String(each['reason'])))]
      .sort()
      .join(' '),
};

function holdOf(world: World): string {
  const target = world.target();
  const marked = target?.metadata.annotations?.['sluice.dev/held'] !== undefined;
  return `${target?.spec?.['paused'] === true ? 'paused' : 'running'}${marked ? ' marked' : ''}`;
}

export const isIdle = (world: World): boolean =>
  holdOf(world) === (world.hold === 'pause' ? 'paused' : 'running');

/** The number of ReplicaSets of v1, without the first. */
function restartsOf(world: World): number {
  const sets = world.api.store.list('replicasets.apps', NAMESPACE).filter(({ metadata, spec }) => {
    const owned = (metadata.ownerReferences ?? []).some(({ name }) => name === NAME);
    return owned && imageOf(spec?.['template']) === 'web:v1';
  });
  return sets.length - 1;
}

function podImages(world: World): string[] {
  const pods = world.api.store.list('pods', NAMESPACE);
  const stable = pods.filter(
    (pod) =>
      pod.metadata.labels?.['app'] === NAME &&
      !isCanaryPod(pod) &&
      pod.metadata.deletionTimestamp === undefined,
  );
  return stable.map((pod) => getString(getObjects(pod, 'spec', 'containers')[0], 'image') ?? '');
}

export function isMarkedFailed(target: KubeObject | undefined): boolean {
  const progressing = getObjects(target, 'status', 'conditions').find(
    (each) => each['type'] === 'Progressing',
  );
  return progressing?.['status'] === 'False' && progressing['reason'] === 'ProgressDeadlineExceeded';
}

/** The hold mode of a scenario; undefined: it has to succeed in each mode. */
export function holdOfScenario(text: string): string | undefined {
  return parseScenario(text)
    .find(({ verb, rest }) => verb === 'given' && rest.startsWith('hold '))
    ?.rest.slice(5);
}

/** Runs a scenario; returns everything that differs from the file, and every broken invariant. */
export async function runScenario(text: string, hold: HoldMode = 'pause'): Promise<string[]> {
  const lines = parseScenario(text);
  const world = new World({ hold, ...given(lines) });
  const invariants = new Invariants(world);
  const wrong: string[] = [];
  world.decideOn = (snapshot) => {
    const decision = decide(snapshot);
    const words = steeredByWords(snapshot, decision);
    if (words !== undefined) wrong.push(`words steer: ${words}`);
    return decision;
  };
  await world.until(() => world.phase() === 'Promoted/Initial', 60_000);
  for (const line of lines) {
    const complaint = await step(world, invariants, line);
    if (complaint !== undefined) {
      wrong.push(`line ${line.number}: ${complaint} (${world.decisions.slice(-6).join(' > ')})`);
      break;
    }
  }
  return [...wrong, ...invariants.broken];
}

function given(lines: Line[]): WorldOptions {
  const options: WorldOptions = {};
  for (const { rest } of lines.filter(({ verb }) => verb === 'given')) {
    const [what = '', ...more] = rest.split(' ');
    const value = more.join(' ');
    if (what === 'provider') options.provider = value as WorldProvider;
    else if (what === 'replicas') options.replicas = Number(value);
    else if (what === 'policy') options.policy = JSON.parse(value) as JsonObject;
    else if (what === 'hold') options.hold = value as HoldMode;
    else if (what === 'seed') options.seed = Number(value);
    else throw new Error(`given ${rest}?`);
  }
  return options;
}

async function step(world: World, invariants: Invariants, line: Line): Promise<string | undefined> {
  const { verb, rest } = line;
  switch (verb) {
    case 'given':
      return undefined;
    case 'do':
      await act(world, invariants, rest);
      return undefined;
    case 'wait':
      await world.run(milliseconds(rest));
      return undefined;
    case 'until':
      return until(world, rest);
    case 'expect':
      return ask(world, invariants, rest);
    default:
      throw new Error(`line ${line.number}: ${verb}?`);
  }
}

export async function act(world: World, invariants: Invariants, text: string): Promise<void> {
  const [name = '', ...argument] = text.split(' ');
  const [event, lasting] = [EVENTS[name], APPLY_EVENTS[name]];
  if (lasting !== undefined) await lasting(world, argument.join(' '));
  else if (event !== undefined) event(world, argument.join(' '));
  else throw new Error(`do ${text}?`);
  if (name === 'delete-route') invariants.userEditedRoute(undefined);
  invariants.userActed();
}

async function until(world: World, rest: string): Promise<string | undefined> {
  const [, what = '', wanted = '', within = ''] = /^(\S+) (.*) within (\S+)$/.exec(rest) ?? [];
  const asked = ASKED[what];
  if (asked === undefined) throw new Error(`until ${rest}?`);
  const there = await world.until(() => matches(asked(world), wanted), milliseconds(within));
  return there ? undefined : `${what} is ${asked(world)} after ${within}, want ${wanted}`;
}

function ask(world: World, invariants: Invariants, rest: string): string | undefined {
  if (rest === 'clean') {
    const before = invariants.broken.length;
    invariants.atRest();
    return invariants.broken.length > before ? 'something is left behind' : undefined;
  }
  const [what = '', ...words] = rest.split(' ');
  const got = ASKED[what]?.(world) ?? `(${what}?)`;
  return matches(got, words.join(' ')) ? undefined : `${what} is ${got}, want ${words.join(' ')}`;
}

/** `*` matches any text. */
function matches(got: string, wanted: string): boolean {
  const pattern = wanted.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(got);
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`${text} is no duration`);
  return ms;
}
