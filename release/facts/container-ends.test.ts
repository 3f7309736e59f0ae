import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { containerEnds, endText, isNodes } from './container-ends.ts';

const AT = { startedAt: '2026-01-01T10:00:00Z', finishedAt: '2026-01-01T10:05:00Z' };
const killed: JsonObject = { terminated: { reason: 'OOMKilled', exitCode: 137, ...AT } };
const pod = (app: JsonObject, rest: { spec?: JsonObject; status?: JsonObject } = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1' },
  spec: rest.spec ?? {},
  status: { containerStatuses: [{ name: 'app', ...app }], ...rest.status },
});
const counts = (object: KubeObject) =>
  containerEnds(object).map(({ container, count }) => [container, count]);

describe('how often containers ended', () => {
  it.each([
    { given: 'never', app: { restartCount: 0, state: { running: {} } }, want: [] },
    { given: 'once, and runs again', app: { restartCount: 1, state: { running: {} } }, want: [['app', 1]] },
    { given: 'once, just now', app: { restartCount: 0, state: killed }, want: [['app', 1]] },
    {
      given: 'twice, and backs off',
      app: { restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: killed },
      want: [['app', 2]],
    },
    {
      given: 'never: it is being made',
      app: { restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } },
      want: [],
    },
  ])('$given', ({ app, want }) => {
    expect(counts(pod(app))).toEqual(want);
  });

  it('counts sidecars, those of Kubernetes among them, and no other init container', () => {
    const spec = { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }, { name: 'wait-for-db' }] };
    const initContainerStatuses = ['proxy', 'wait-for-db'].map((name) => ({ name, restartCount: 4 }));
    const containerStatuses = ['app', 'log-shipper'].map((name) => ({ name, restartCount: 1 }));
    const status = { containerStatuses, initContainerStatuses };
    expect(counts(pod({}, { spec, status }))).toEqual([
      ['app', 1],
      ['log-shipper', 1],
      ['proxy', 4],
    ]);
  });

  it('says how the last one ended', () => {
    const [ends] = containerEnds(pod({ restartCount: 3, lastState: killed }));
    expect(ends?.last).toEqual({
      reason: 'OOMKilled',
      exitCode: 137,
      startedMs: Date.parse(AT.startedAt),
      finishedMs: Date.parse(AT.finishedAt),
    });
    expect(endText('web-1', ends!)).toBe('container app of pod web-1 (OOMKilled, exit code 137)');
    const [unknown] = containerEnds(pod({ restartCount: 1 }));
    expect(endText('web-1', unknown!)).toBe('container app of pod web-1');
  });

  it('knows a node that was lost or started again', () => {
    const lost = { terminated: { reason: 'Unknown', exitCode: 255 } };
    const [byNode] = containerEnds(pod({ restartCount: 1, lastState: lost }));
    const [byItself] = containerEnds(pod({ restartCount: 1, lastState: killed }));
    expect([isNodes(byNode!), isNodes(byItself!)]).toEqual([true, false]);
  });
});
