import { getInteger, getObject, getObjects, getString, type JsonObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { oneLine } from '../../lib/text.ts';

/** How often a container of a pod has ended by itself since the pod was made, and how the last time. */
export interface ContainerEnds {
  container: string;
  /** at least 1 */
  count: number;
  /** what the node says of the last one, if it does */
  last: LastEnd | undefined;
}

interface LastEnd {
  /** `OOMKilled`, `Error`, … */
  reason: string;
  exitCode: number;
  /** by the clock of the node; undefined: it does not say */
  startedMs: number | undefined;
  finishedMs: number | undefined;
}

/**
 * Containers that have ended: those that run along with the pod, native sidecars among them. An init container that ends
 * delays its pod and harms nobody; progressDeadlineSeconds bounds it.
 */
export function containerEnds({ spec, status }: KubeObject): ContainerEnds[] {
  const sidecars = new Set(
    getObjects(spec, 'initContainers')
      .filter((each) => getString(each, 'restartPolicy') === 'Always')
      .map((each) => getString(each, 'name')),
  );
  const beside = getObjects(status, 'initContainerStatuses').filter((each) =>
    sidecars.has(getString(each, 'name')),
  );
  return [...getObjects(status, 'containerStatuses'), ...beside].flatMap((each) => {
    const count = countOf(each);
    return count === 0 ? [] : [{ container: getString(each, 'name') ?? '', count, last: lastOf(each) }];
  });
}

/** An end that no restart has followed yet counts as well. */
function countOf(container: JsonObject): number {
  const waits = getString(container, 'state', 'waiting', 'reason') === 'CrashLoopBackOff';
  const isOver = waits || getObject(container, 'state', 'terminated') !== undefined;
  return (getInteger(container, 'restartCount') ?? 0) + (isOver ? 1 : 0);
}

function lastOf(container: JsonObject): LastEnd | undefined {
  const end = getObject(container, 'state', 'terminated') ?? getObject(container, 'lastState', 'terminated');
  if (end === undefined) return undefined;
  return {
    reason: getString(end, 'reason') ?? '',
    exitCode: getInteger(end, 'exitCode') ?? 0,
    startedMs: timeIn(end, 'startedAt'),
    finishedMs: timeIn(end, 'finishedAt'),
  };
}

function timeIn(end: JsonObject, field: string): number | undefined {
  const ms = Date.parse(getString(end, field) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** The node was lost or started again, and does not know how the container ended: not the code's fault. */
export const isNodes = ({ last }: ContainerEnds): boolean =>
  last?.reason === 'Unknown' || last?.reason === 'ContainerStatusUnknown';

/** "container app of pod web-1 (OOMKilled, exit code 137)" */
export function endText(pod: string, { container, last }: ContainerEnds): string {
  const reason = last === undefined || last.reason === '' ? '' : `${oneLine(last.reason).slice(0, 64)}, `;
  const how = last === undefined ? '' : ` (${reason}exit code ${last.exitCode})`;
  return `container ${container} of pod ${pod}${how}`;
}
