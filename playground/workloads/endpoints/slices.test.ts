import { describe, expect, it } from 'vitest';
import type { Pod, Service, ServicePort } from '../kinds.ts';
import { planSlices } from './slices.ts';
import type { EndpointSlice } from './slices.ts';

interface PodModifiers {
  ready?: boolean;
  leaving?: boolean;
  ip?: string;
  phase?: string;
  port?: number;
}

function pod(
  name: string,
  { ready = true, leaving = false, ip = '10.0.0.1', phase = 'Running', port = 8080 }: PodModifiers = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { nodeName: 'n', containers: [{ name: 'app', ports: [{ name: 'http', containerPort: port }] }] },
    status: {
      phase,
      ...(ip === '' ? {} : { podIP: ip }),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function service(spec: Service['spec'] = {}): Service {
  const ports: ServicePort[] = [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', labels: { team: 'a' } },
    spec: { selector: { app: 'web' }, ports, ...spec },
  };
}

/** The slices after the plan was executed. */
function carriedOut(existing: EndpointSlice[], from: Service, pods: Pod[]): EndpointSlice[] {
  const plan = planSlices(from, pods, existing);
  const updated = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
  const kept = existing
    .filter((slice) => !plan.remove.includes(slice))
    .map((slice) => updated.get(slice.metadata.name) ?? slice);
  const made = plan.create.map((slice, i) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${existing.length + i}` },
  }));
  return [...kept, ...made];
}

describe('the conditions of an endpoint', () => {
  it.each([
    { name: 'a ready pod', given: {}, want: { ready: true, serving: true, terminating: false } },
    {
      name: 'an unready pod',
      given: { ready: false },
      want: { ready: false, serving: false, terminating: false },
    },
    {
      name: 'a leaving pod',
      given: { leaving: true },
      want: { ready: false, serving: true, terminating: true },
    },
  ])('say what $name can do', ({ given, want }) => {
    expect(planSlices(service(), [pod('a', given)], []).create[0]?.endpoints?.[0]).toEqual({
      addresses: ['10.0.0.1'],
      conditions: want,
      nodeName: 'n',
      targetRef: { kind: 'Pod', namespace: 'shop', name: 'a', uid: 'uid-a' },
    });
  });

  it('say ready for every pod where the Service publishes unready addresses', () => {
    const [slice] = planSlices(
      service({ publishNotReadyAddresses: true }),
      [pod('a', { ready: false })],
      [],
    ).create;
    expect(slice?.endpoints?.[0]?.conditions).toEqual({ ready: true, serving: false, terminating: false });
  });
});

describe('the slices of a Service', () => {
  it('leave out pods without an address and finished ones', () => {
    const [slice] = planSlices(
      service(),
      [pod('a'), pod('b', { ip: '' }), pod('c', { phase: 'Failed' })],
      [],
    ).create;
    expect(slice?.endpoints?.map(({ targetRef }) => targetRef.name)).toEqual(['a']);
  });

  it('without endpoints are one that says null, owned by the Service', () => {
    const [slice, ...others] = planSlices(service(), [], []).create;
    expect(others).toEqual([]);
    expect(slice).toMatchObject({ addressType: 'IPv4', endpoints: null, ports: null });
    expect(slice?.metadata).toMatchObject({
      generateName: 'web-',
      labels: {
        team: 'a',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', uid: 'uid-web', controller: true }],
    });
  });

  it('find a named port in each pod, and a slice for each number', () => {
    const slices = carriedOut([], service(), [pod('a'), pod('b', { port: 9090 })]);
    expect(slices.map((slice) => slice.ports)).toEqual([
      [{ name: 'http', protocol: 'TCP', port: 8080 }],
      [{ name: 'http', protocol: 'TCP', port: 9090 }],
    ]);
  });

  it('take a port by number, by name, or else the port of the Service', () => {
    const ports: ServicePort[] = [
      { name: 'a', port: 80, targetPort: 1234 },
      { name: 'b', port: 81, targetPort: 'http', appProtocol: 'h2c' },
      { name: 'c', port: 82 },
      { name: 'd', port: 83, targetPort: 'no-such-port' },
    ];
    const [slice] = planSlices(service({ ports }), [pod('a')], []).create;
    expect(slice?.ports).toEqual([
      { name: 'a', protocol: 'TCP', port: 1234 },
      { name: 'b', protocol: 'TCP', port: 8080, appProtocol: 'h2c' },
      { name: 'c', protocol: 'TCP', port: 82 },
    ]);
  });

  it('hold 100 endpoints each', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(`p${i}`));
    expect(carriedOut([], service(), pods).map((slice) => slice.endpoints?.length)).toEqual([100, 100, 50]);
  });

  it('are not written again when nothing changed', () => {
    const pods = [pod('a'), pod('b')];
    const slices = carriedOut([], service(), pods);
    expect(planSlices(service(), pods, slices)).toEqual({ create: [], update: [], remove: [] });
    const empty = carriedOut([], service(), []);
    expect(planSlices(service(), [], empty)).toEqual({ create: [], update: [], remove: [] });
  });

  it('change in place when pods come and go', () => {
    const before = carriedOut([], service(), [pod('a'), pod('b')]);
    const after = carriedOut(before, service(), [pod('b', { ready: false }), pod('c')]);
    expect(after).toHaveLength(1);
    expect(after[0]?.endpoints?.map((e) => [e.targetRef.name, e.conditions.ready])).toEqual([
      ['b', false],
      ['c', true],
    ]);
  });

  it('shrink to the one that says null when the last pod goes', () => {
    const before = carriedOut([], service(), [pod('a'), pod('b', { port: 9090 })]);
    const after = carriedOut(before, service(), []);
    expect(after.map(({ endpoints, ports }) => ({ endpoints, ports }))).toEqual([
      { endpoints: null, ports: null },
    ]);
  });
});
