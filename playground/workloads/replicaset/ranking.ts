import { uidOf } from '../kinds.ts';
import type { Pod } from '../kinds.ts';
import { isReady, readySince, restartsOf } from '../pods.ts';
import { millis } from '../time.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES = ['Pending', 'Unknown', 'Running'];

/** Negative: the first pod is deleted before the second. */
type Comparison = (a: Pod, b: Pod) => number;

/**
 * The pods to delete, the least valuable first. `crowd` is all pods of the same Deployment: of two equal
 * pods, the one on the node with more of them goes first.
 */
export function podsToDelete(
  pods: readonly Pod[],
  count: number,
  crowd: readonly Pod[],
  nowMs: number,
): Pod[] {
  const neighbours = new Map<string, number>();
  for (const { spec } of crowd) {
    const node = spec.nodeName ?? '';
    neighbours.set(node, (neighbours.get(node) ?? 0) + 1);
  }
  const onNode = (pod: Pod): number => neighbours.get(pod.spec.nodeName ?? '') ?? 0;
  const comparisons: Comparison[] = [
    (a, b) => Number(isAssigned(a)) - Number(isAssigned(b)),
    (a, b) => PHASES.indexOf(a.status?.phase ?? '') - PHASES.indexOf(b.status?.phase ?? ''),
    (a, b) => Number(isReady(a)) - Number(isReady(b)),
    (a, b) => deletionCost(a) - deletionCost(b),
    (a, b) => onNode(b) - onNode(a),
    (a, b) => youngerFirst(nowMs, [a, readySince(a)], [b, readySince(b)]),
    (a, b) => restartsOf(b) - restartsOf(a),
    (a, b) => youngerFirst(nowMs, [a, createdAt(a)], [b, createdAt(b)]),
  ];
  const order: Comparison = (a, b) => {
    for (const compare of comparisons) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return [...pods].sort(order).slice(0, count);
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') !== '';
}

function deletionCost(pod: Pod): number {
  return Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? '0', 10) || 0;
}

function createdAt(pod: Pod): number {
  return millis(pod.metadata.creationTimestamp);
}

/**
 * Compares ages by powers of two, so that among pods of similar age chance decides and not always the newest
 * goes.
 */
function youngerFirst(nowMs: number, [a, sinceA]: [Pod, number], [b, sinceB]: [Pod, number]): number {
  if (sinceA === sinceB) return 0;
  if (sinceA === 0 || sinceB === 0) return sinceA === 0 ? -1 : 1;
  const difference = ageClass(nowMs - sinceA) - ageClass(nowMs - sinceB);
  if (difference !== 0) return difference;
  return uidOf(a) < uidOf(b) ? -1 : 1;
}

function ageClass(ageMs: number): number {
  return ageMs <= 0 ? 0 : Math.floor(Math.log2(ageMs));
}
