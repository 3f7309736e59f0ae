import { Budget } from '../../api/budget.ts';
import { getStringMap, stableStringify } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { shortHash, hashedLabel } from '../../providers/shared/naming.ts';
import type { Refusal } from '../../providers/provider.ts';
import { isMadeFor, makerOf, ownerOf, ownLabels, untracked, type Rewrite } from '../canary/index.ts';
import { cutOffBy } from './elsewhere.ts';
import { followOf, resourceOf } from './kinds.ts';
import { podsOf, type Copy, type Pods } from './pods.ts';

export interface CompanionInput {
  /** the live target */
  target: KubeObject;
  /** the template under test */
  template: JsonObject;
  rewrite: Rewrite;
  /** name of the Release; '' before there is one */
  release: string;
  /** undefined: no Service stands in front of the target */
  service: { stable: KubeObject; canary: string } | undefined;
  /** every object of the namespace of the kinds in FOLLOWED */
  attached: readonly KubeObject[];
  /** NetworkPolicies of trusted namespaces that reach out of them; absent: none are known */
  elsewhere?: readonly KubeObject[];
}

export interface Companions {
  /** the copies that must exist, with their content */
  wanted: Companion[];
  /** what cannot follow, each with its remedy */
  refusals: Refusal[];
}

export interface Companion {
  resource: Resource;
  object: KubeObject;
  /** for people: "NetworkPolicy web" */
  original: string;
}

/** Says from what a copy was made and, by a hash, with what content. */
export const COPY_OF = 'sluice.dev/copy-of';

/**
 * The copies that have to exist while canary pods run, so that the canary is reached, protected and watched as stable
 * pods are.
 */
export function planCompanions(input: CompanionInput): Companions {
  const pods = podsFor(input);
  const found = input.attached.filter(isUsers).map((object) => follow(object, pods, input));
  const wanted = found.flatMap((each) => each.wanted);
  const refusals = found.flatMap((each) => each.refusals);
  return { wanted, refusals: [...refusals, ...cutOff(pods, input), ...takenNames(wanted, input)] };
}

/** Live objects by kind and name. */
export type Live = ReadonlyMap<string, KubeObject>;

export const liveByName = (attached: readonly KubeObject[]): Live =>
  new Map(attached.map((each) => [liveKey(resourceOf(each), each.metadata.name), each]));

const liveKey = (resource: Resource | undefined, name: string): string =>
  `${resource?.plural ?? ''}.${resource?.group ?? ''}/${name}`;

/**
 * How many objects would have to follow with a rewrite. Any number of those that can follow weighs less than one that
 * cannot. No copy is made for the count, because this is asked for each candidate rewrite.
 */
export function burdenOf(
  input: CompanionInput,
  live: Live = liveByName(input.attached),
  budget = new Budget(),
): number {
  const pods = podsFor(input);
  let [copied, refused] = [0, cutOff(pods, input).length];
  for (const object of input.attached.filter(isUsers)) {
    budget.spend();
    const resource = resourceOf(object);
    if (resource === undefined) continue;
    const { copies = [], refusals = [] } = followOf(resource)?.(object, pods) ?? {};
    const names = copies.map(({ suffix }) => copyName(object, { resource, suffix, target: input.target }));
    if (copies.length > 0) copied += 1;
    refused += refusals.length + names.filter((name) => isTaken(live, { resource, name }, input)).length;
  }
  return copied + 1_000 * refused;
}

/** Is it a user's object? An object that Sluice made for a target is not. */
export const isUsers = ({ metadata: { labels = {} } }: KubeObject): boolean =>
  labels[LABEL.managedBy] !== 'sluice' || labels[LABEL.target] === undefined;

function podsFor(input: CompanionInput): Pods {
  const { target, template, rewrite, service } = input;
  const labels = getStringMap(service?.stable, 'metadata', 'labels');
  const canary = { name: service?.canary ?? '', labels: madeLabels(labels, input) };
  return podsOf(target, {
    template,
    rewrite,
    service: service === undefined ? undefined : { name: service.stable.metadata.name, labels, canary },
  });
}

const madeLabels = (labels: Record<string, string>, { target, release }: CompanionInput) => ({
  ...untracked(labels),
  ...ownLabels(target.metadata.name, release),
});

function follow(object: KubeObject, pods: Pods, input: CompanionInput): Companions {
  const resource = resourceOf(object);
  const { copies = [], refusals = [] } =
    resource === undefined ? {} : (followOf(resource)?.(object, pods) ?? {});
  const original = `${object.kind} ${object.metadata.name}`;
  return {
    wanted:
      resource === undefined
        ? []
        : copies.map((copy) => ({ resource, original, object: make(copy, { resource, object }, input) })),
    refusals: refusals.map((refusal) => cannotFollow(original, refusal)),
  };
}

function make(
  { spec, suffix }: Copy,
  { resource, object }: { resource: Resource; object: KubeObject },
  input: CompanionInput,
): KubeObject {
  const { name, namespace } = object.metadata;
  const { target } = input;
  const labels = madeLabels(getStringMap(object, 'metadata', 'labels'), input);
  const annotations = untracked(getStringMap(object, 'metadata', 'annotations'));
  const text = stableStringify({ spec, labels, annotations });
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      name: copyName(object, { resource, suffix, target }),
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { ...annotations, [COPY_OF]: `${name}@${shortHash(text)}` },
      ownerReferences: [ownerOf(target)],
    },
    spec: structuredClone(spec),
  };
}

/**
 * One policy may be copied for several targets, and two long names may become equal when they are cut, so the name
 * contains a hash.
 */
function copyName(
  { metadata: { name } }: KubeObject,
  { resource, suffix, target }: { resource: Resource; suffix: string; target: KubeObject },
): string {
  return hashedLabel(name, suffix, `${resource.kind}/${name}/${target.metadata.name}`);
}

function cutOff(pods: Pods, { elsewhere = [] }: CompanionInput): Refusal[] {
  return elsewhere.flatMap((object) => {
    const why = cutOffBy(object, pods);
    const { name, namespace = '' } = object.metadata;
    return why === undefined ? [] : [cannotFollow(`NetworkPolicy ${name} of namespace ${namespace}`, why)];
  });
}

const cannotFollow = (what: string, why: string): Refusal => ({
  reason: REASON.PolicyCannotFollow,
  sentence: `${what} cannot follow the canary: ${why}.`,
});

/** Sluice makes each copy itself and does not take over an existing object of that name. */
function takenNames(wanted: readonly Companion[], input: CompanionInput): Refusal[] {
  const live = liveByName(input.attached);
  return wanted.flatMap(({ resource, object, original }) => {
    const { kind, metadata } = object;
    if (!isTaken(live, { resource, name: metadata.name }, input)) return [];
    const sentence = `${kind} ${metadata.name} exists and was not made by Sluice, which needs that name for the copy of ${original}; rename or delete it.`;
    return [{ reason: REASON.NameTaken, sentence }];
  });
}

function isTaken(
  live: Live,
  copy: { resource: Resource; name: string },
  { target }: CompanionInput,
): boolean {
  const present = live.get(liveKey(copy.resource, copy.name));
  return present !== undefined && !isMadeFor(makerOf(target), present);
}

/** The live object with the name of a copy. */
export const liveOf = ({ resource, object }: Companion, live: Live): KubeObject | undefined =>
  live.get(liveKey(resource, object.metadata.name));
