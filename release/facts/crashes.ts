import type { Release } from '../../api/kinds/release/release.ts';
import { MOST_CRASHED, type Crashes } from '../../api/kinds/release/status.ts';
import type { Events } from '../../analysis/judge/core/crashes.ts';
import { endText, isNodes, type ContainerEnds } from './container-ends.ts';
import { isExposed } from './exposure.ts';
import type { Facts } from './facts.ts';
import { timeOf, type PodFacts } from './workload.ts';

/*
 * Containers that end by themselves (crashes, OOM kills, failed liveness probes). What fails in the seconds before is not
 * scraped, so error rates do not tell. Pods say how often since they were made; the status of the Release adds what
 * pods that are gone by now said, and which ends came before any request.
 */

interface Ended {
  key: string;
  pod: PodFacts;
  ends: ContainerEnds;
}

/** What is known of crashes of canary containers after this pass; the same object if nothing is new. */
export function crashesAfter(facts: Facts, { status }: Release): Crashes | undefined {
  const before = status?.crashes;
  const { canary } = facts;
  if (!canary.ours || !canary.ofRelease) return before;
  const seenBefore = before?.seen ?? {};
  const ended = endedIn(canary.pods, seenBefore);
  const more = ({ key, ends }: Ended): number => Math.max(0, ends.count - (seenBefore[key] ?? 0));
  if (!ended.some((each) => more(each) > 0)) return before;
  const exposed = status?.exposedAt !== undefined || isExposed(facts);
  const counted = exposed ? ended.filter((each) => more(each) > 0 && isCounted(each)) : [];
  const [newest] = counted.toSorted((a, b) => finishedMs(b) - finishedMs(a));
  const told =
    newest === undefined
      ? before
      : { at: new Date(facts.nowMs).toISOString(), what: endText(newest.pod.name, newest.ends) };
  return {
    ...told,
    count: (before?.count ?? 0) + counted.reduce((sum, each) => sum + more(each), 0),
    seen: Object.fromEntries(ended.map(({ key, ends }) => [key, ends.count])),
  };
}

/** At most as many as the status holds, those that it holds first. */
function endedIn(pods: readonly PodFacts[], seen: Crashes['seen']): Ended[] {
  const all = pods.flatMap((pod) =>
    pod.ends.map((ends) => ({ key: `${pod.name}/${ends.container}`, pod, ends })),
  );
  const isKnown = ({ key }: Ended): boolean => Object.hasOwn(seen, key);
  return [...all.filter(isKnown), ...all.filter((each) => !isKnown(each))].slice(0, MOST_CRASHED);
}

const finishedMs = ({ ends }: Ended): number => ends.last?.finishedMs ?? 0;

/** One crash before a pod was ready may come from a dependency that was late. */
const isCounted = ({ pod, ends }: Ended): boolean =>
  !isNodes(ends) && !(ends.count === 1 && isStarting(pod, ends));

/** It is not ready, and was not since before the run that ended. */
const isStarting = (pod: PodFacts, { last }: ContainerEnds): boolean =>
  !pod.ready && pod.readyChangedMs <= (last?.startedMs ?? -Infinity);

/** So many crashes in the time that canary pods have run. */
export function canaryRecord(facts: Facts, events: number): Events {
  const lived = facts.canary.pods.reduce((sum, pod) => sum + ageMs(facts, pod), 0);
  return { events, seconds: Math.max(lived, facts.nowMs - madeMs(facts)) / 1000 };
}

/**
 * What stable pods say of themselves: since they were made, and since the canary was made, as far as they tell (of an
 * older container only that it ended, not how often).
 */
export function stableRecord(facts: Facts): { pods: number; life: Events; meanwhile: Events } {
  const pods = facts.stable?.replicaSet?.pods ?? [];
  const sinceMs = madeMs(facts);
  const sum = (of: (pod: PodFacts) => number): number => pods.reduce((all, pod) => all + of(pod), 0);
  const recent = (pod: PodFacts): number => sumOf(pod.ends, (ends) => endsSince(pod, ends, sinceMs));
  return {
    pods: pods.length,
    life: {
      events: sum((pod) => sumOf(pod.ends, ({ count }) => count)),
      seconds: sum((pod) => ageMs(facts, pod)) / 1000,
    },
    meanwhile: {
      events: sum(recent),
      seconds: sum((pod) => Math.min(ageMs(facts, pod), facts.nowMs - sinceMs)) / 1000,
    },
  };
}

function endsSince(pod: PodFacts, { count, last }: ContainerEnds, sinceMs: number): number {
  if (pod.createdMs >= sinceMs) return count;
  return (last?.finishedMs ?? -Infinity) >= sinceMs ? 1 : 0;
}

const sumOf = <T>(each: readonly T[], of: (one: T) => number): number =>
  each.reduce((sum, one) => sum + of(one), 0);

const ageMs = ({ nowMs }: Facts, { createdMs }: PodFacts): number => Math.max(0, nowMs - createdMs);

/** When the canary was made; its pods are not older. */
const madeMs = ({ canary, nowMs }: Facts): number =>
  Math.min(nowMs, timeOf(canary.deployment?.object.metadata.creationTimestamp, nowMs));
