import { pointer } from '../../lib/pointer.ts';
import { equalJson } from '../../lib/json.ts';
import type { JsonPatchOp, KubeObject } from '../../api/kube.ts';
import type { Json } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Write } from '../../api/writes.ts';
import { isMadeFor, makerIn } from '../shared/naming.ts';
import { isRead, isSplit, readSplit } from './annotations.ts';
import { annotationsOf, canaryIngress, canaryIngressName, mains, namesService, portsOf } from './ingress.ts';
import { ingressPresets } from './class.ts';
import { nginxNotes } from './notes.ts';
import { nginxPresets } from './presets.ts';
import { alternation } from '../shared/names.ts';
import { sessionsStay } from '../shared/sessions.ts';
import { BY_ROUTES } from '../shared/steering.ts';
import { traefikNginxPresets } from '../shared/traefik-presets.ts';
import { refuse } from './refusals.ts';
import { OFF } from '../provider.ts';
import type { Observation, Provider, Split, TrafficContext } from '../provider.ts';

function ownIngresses(context: TrafficContext): KubeObject[] {
  return context.made.filter(
    (object) => isMadeFor(makerIn(context), object) && object.metadata.deletionTimestamp === undefined,
  );
}

/**
 * Where nothing goes to the canary there is no canary Ingress: clients with a session would stay on one of
 * weight 0. Sluice creates it with POST, so an Ingress of that name that is not ours causes an error and is
 * never taken over.
 */
function plan(context: TrafficContext, split: Split): Write[] {
  const own = ownIngresses(context);
  const off = split.weight === 0 && !split.matching;
  const wanted = off ? [] : mains(context).map((ingress) => canaryIngress(context, ingress, split));
  const writes = wanted.flatMap((object): Write[] => {
    const live = own.find(({ metadata }) => metadata.name === object.metadata.name);
    return live === undefined ? [{ verb: 'create', object }] : correct(context, live, object);
  });
  const extra = own.filter(
    ({ metadata }) => !wanted.some((object) => object.metadata.name === metadata.name),
  );
  return [...writes, ...extra.map((object) => remove(context, object))];
}

function remove(context: TrafficContext, { metadata }: KubeObject): Write {
  const ref = { resource: RESOURCES.ingresses, namespace: context.namespace, name: metadata.name };
  return { verb: 'delete', ref, uid: metadata.uid ?? '' };
}

/**
 * One patch that turns the live object into the wanted one. Labels and annotations that nginx does not read
 * are kept.
 */
function correct({ namespace }: TrafficContext, live: KubeObject, wanted: KubeObject): Write[] {
  const strays = Object.keys(annotationsOf(live)).filter(
    (key) => isRead(key) && !(key in annotationsOf(wanted)),
  );
  const patch = [
    ...(equalJson(live.spec, wanted.spec) ? [] : [replace('/spec', wanted.spec)]),
    ...entries('labels', live.metadata.labels, wanted.metadata.labels),
    ...entries('annotations', live.metadata.annotations, wanted.metadata.annotations),
    ...strays.map((key): JsonPatchOp => ({ op: 'remove', path: pointer('metadata', 'annotations', key) })),
  ];
  if (patch.length === 0) return [];
  const { name, uid = '' } = live.metadata;
  const ref = { resource: RESOURCES.ingresses, namespace, name };
  return [{ verb: 'jsonPatch', ref, patch: [{ op: 'test', path: '/metadata/uid', value: uid }, ...patch] }];
}

const replace = (path: string, value: Json | undefined): JsonPatchOp => ({
  op: 'replace',
  path,
  value: value ?? {},
});

function entries(
  field: 'labels' | 'annotations',
  live: Record<string, string> | undefined,
  wanted: Record<string, string> = {},
): JsonPatchOp[] {
  if (live === undefined) return [{ op: 'add', path: `/metadata/${field}`, value: wanted }];
  return Object.entries(wanted)
    .filter(([key, value]) => live[key] !== value)
    .map(([key, value]) => ({ op: 'add', path: pointer('metadata', field, key), value }));
}

interface Seen {
  main: string;
  /** of the canary Ingress beside it */
  name: string;
  split: Split | undefined;
}

function observe(context: TrafficContext): Observation {
  const own = ownIngresses(context);
  const seen = mains(context).map((main): Seen => {
    const name = canaryIngressName(main.metadata.name, context.target);
    const live = own.find(({ metadata }) => metadata.name === name);
    return { main: main.metadata.name, name, split: readOne(context, main, live) };
  });
  const problem = disagreement(context, own, seen);
  if (problem !== undefined) {
    const most = Math.max(0, ...seen.map(({ split }) => split?.weight ?? 0));
    return { weight: undefined, most, acknowledged: 'unknown', problem };
  }
  const { weight, matching } = seen[0]?.split ?? OFF;
  return { weight, ...(matching ? { matching } : {}), acknowledged: 'unknown' };
}

function disagreement(
  { stableService, target }: TrafficContext,
  own: readonly KubeObject[],
  seen: readonly Seen[],
): string | undefined {
  const orphan = own.find(({ metadata }) => !seen.some(({ name }) => name === metadata.name));
  if (orphan !== undefined)
    return `canary Ingress ${orphan.metadata.name} belongs to an Ingress that no longer names Service ${stableService.metadata.name}`;
  const changed = seen.find(({ split }) => split === undefined);
  if (changed !== undefined)
    return `canary Ingress ${changed.name} differs from what Sluice would write for Ingress ${changed.main}: one of them was changed`;
  const [first] = seen;
  return seen.every(({ split }) => equalJson(split, first?.split))
    ? undefined
    : `the canary Ingresses of ${target} disagree with each other`;
}

/**
 * Undefined: the canary Ingress exists but differs from what its main Ingress now asks for, so the split may
 * be broken.
 */
function readOne(context: TrafficContext, main: KubeObject, live: KubeObject | undefined): Split | undefined {
  if (live === undefined) return OFF;
  const split = readSplit(live, context.wants);
  if (split === undefined) return undefined;
  // The Release that it was made for has no effect on traffic.
  const release = live.metadata.labels?.[LABEL.release] ?? context.release;
  const wanted = canaryIngress({ ...context, release }, main, split);
  const rest = (ingress: KubeObject) =>
    Object.entries(annotationsOf(ingress)).filter(([key]) => isRead(key) && !isSplit(key));
  const same = equalJson(Object.fromEntries(rest(live)), Object.fromEntries(rest(wanted)));
  return same && equalJson(live.spec, wanted.spec) ? split : undefined;
}

/** Ingress-NGINX: a canary Ingress of our own beside each user's Ingress, which is never edited. */
export const nginx: Provider = {
  name: 'nginx',
  title: 'Ingress-NGINX',
  routeResources: [RESOURCES.ingresses],
  madeResource: RESOURCES.ingresses,
  alsoReads: [RESOURCES.ingresses],
  editsUserRoutes: false,
  steering: BY_ROUTES,
  // The lag of the watch, one sync every 3.3 s, and one poll a second in each worker of each replica.
  settleMs: 15_000,
  strategies: ['canary', 'blueGreen', 'ab'],
  names: namesService,
  refuse,
  record: () => ({}),
  observe,
  plan,
  cleanup: (context) => ownIngresses(context).map((object) => remove(context, object)),
  presets: ingressPresets,
  allPresets: [nginxPresets, traefikNginxPresets],
  routeVariables: ({ routes }) => {
    const names = routes.map(({ metadata }) => metadata.name);
    return { ingress: names[0] ?? '', ingressRegex: alternation(names) };
  },
  portsTo: portsOf,
  uncountable: sessionsStay,
  notes: ({ routes, stable, classes }) => nginxNotes(routes, stable, classes),
};
