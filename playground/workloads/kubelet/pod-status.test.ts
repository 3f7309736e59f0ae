import { describe, expect, it } from 'vitest';
import type { PodReport } from '../../apiserver/contract.ts';
import { conditionOf } from '../conditions.ts';
import type { Pod } from '../kinds.ts';
import { podStatus } from './pod-status.ts';

const T1 = '2026-01-01T00:00:01Z';
const T2 = '2026-01-01T00:00:02Z';
const RUNNING: PodReport = { phase: 'Running', podIP: '10.0.0.1', ready: true, restartCount: 0 };

function pod(...reports: [PodReport, string][]): Pod {
  const fresh: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
  return reports.reduce((known, [report, at]) => ({ ...known, status: podStatus(known, report, at) }), fresh);
}

describe('the status of a pod', () => {
  it('that runs names its address and every condition', () => {
    const { status } = pod([RUNNING, T1]);
    expect(status).toMatchObject({
      phase: 'Running',
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
      startTime: T1,
      qosClass: 'BestEffort',
    });
    expect(status?.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'PodScheduled=True',
      'Initialized=True',
      'ContainersReady=True',
      'Ready=True',
    ]);
    expect(status?.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: T1 } },
    });
  });

  it('that loses readiness says which containers, and since when', () => {
    const { status } = pod([RUNNING, T1], [{ ...RUNNING, ready: false }, T2]);
    expect(conditionOf(status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
      lastTransitionTime: T2,
    });
    expect(conditionOf(status, 'Initialized')?.lastTransitionTime).toBe(T1);
    expect(status?.startTime).toBe(T1);
  });

  it('that crashes waits with the reason, and shows how the last run ended', () => {
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
    const { status } = pod([RUNNING, T1], [{ ...RUNNING, ready: false, restartCount: 1, waiting }, T2]);
    expect(status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      started: false,
      restartCount: 1,
      state: { waiting },
      lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: T1, finishedAt: T2 } },
    });
  });

  it('that finished says with which code', () => {
    const { status } = pod([RUNNING, T1], [{ ...RUNNING, phase: 'Succeeded', ready: false }, T2]);
    expect(status?.containerStatuses?.[0]?.state).toEqual({
      terminated: { exitCode: 0, reason: 'Completed', startedAt: T1, finishedAt: T2 },
    });
  });
});
