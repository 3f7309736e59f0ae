import type { JsonObject } from '../../../lib/json.ts';
import type { PodReport } from '../../apiserver/contract.ts';
import type { Condition } from '../conditions.ts';
import { withCondition } from '../conditions.ts';
import type { Container, ContainerStatus, Pod, PodStatus } from '../kinds.ts';

/** The pod's status after a report of its runtime; `at` is the present time. */
export function podStatus(pod: Pod, report: PodReport, at: string): PodStatus {
  const before = pod.status ?? {};
  const startTime = before.startTime ?? at;
  const containers = pod.spec.containers.map((container) => containerStatus(container, before, report, at));
  const { podIP } = report;
  return {
    ...before,
    phase: report.phase,
    startTime,
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    conditions: conditionsFor(pod, report, at),
    containerStatuses: containers,
  };
}

function conditionsFor(pod: Pod, report: PodReport, at: string): Condition[] {
  const names = pod.spec.containers.map(({ name }) => name).join(' ');
  const unready = report.ready
    ? {}
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` };
  const readiness = report.ready ? 'True' : 'False';
  const wanted: Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', status: readiness, ...unready },
    { type: 'Ready', status: readiness, ...unready },
  ];
  return wanted.reduce<Condition[]>(
    (known, condition) => withCondition(known, { ...condition, lastProbeTime: null, lastTransitionTime: at }),
    pod.status?.conditions ?? [],
  );
}

function containerStatus(
  container: Container,
  before: PodStatus,
  report: PodReport,
  at: string,
): ContainerStatus {
  const known = before.containerStatuses?.find(({ name }) => name === container.name);
  const { restartCount, ready } = report;
  const runningSince = startedAt(known);
  const restarted = known !== undefined && known.restartCount !== restartCount;
  const state = stateFor(report, restarted ? at : (runningSince ?? at), at);
  // a run is over when another one has begun, or when the pod waits for the next one
  const over = runningSince !== undefined && (restarted || report.waiting !== undefined);
  return {
    name: container.name,
    state,
    lastState: over ? { terminated: ended(report, runningSince, at) } : (known?.lastState ?? {}),
    ready,
    started: state['running'] !== undefined,
    restartCount,
    image: container.image ?? '',
    imageID: container.image ?? '',
  };
}

function startedAt(status: ContainerStatus | undefined): string | undefined {
  const running = status?.state['running'] as JsonObject | undefined;
  return running?.['startedAt'] as string | undefined;
}

function stateFor(report: PodReport, since: string, at: string): JsonObject {
  if (report.waiting !== undefined) return { waiting: { ...report.waiting } };
  switch (report.phase) {
    case 'Pending':
      return { waiting: { reason: 'ContainerCreating' } };
    case 'Running':
      return { running: { startedAt: since } };
    default:
      return { terminated: ended(report, since, at) };
  }
}

function ended(report: PodReport, startedAt: string, finishedAt: string): JsonObject {
  const good = report.phase === 'Succeeded';
  return { exitCode: good ? 0 : 1, reason: good ? 'Completed' : 'Error', startedAt, finishedAt };
}
