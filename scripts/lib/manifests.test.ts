import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { VirtualClock } from '../../test/support/in-process.ts';
import { problemsOf } from './manifests.ts';

const container = {
  name: 'app',
  image: 'app',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};
const restricted = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

const workload = (pod: object = {}, more: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'app', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'app' } },
    template: {
      metadata: { labels: { app: 'app' } },
      spec: { securityContext: restricted, containers: [{ ...container, ...more }], ...pod },
    },
  },
});
const role = (name: string): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name },
});
const binding = {
  ...role('one'),
  kind: 'ClusterRoleBinding',
  roleRef: { kind: 'ClusterRole', name: 'other' },
};
const problems = (...objects: KubeObject[]): Promise<string[]> => problemsOf(objects, new VirtualClock());

describe('manifests', () => {
  it('that are well have no problems', async () => {
    expect(await problems(workload(), role('one'), role('other'), binding)).toEqual([]);
  });

  it.each([
    { title: 'an object twice', objects: [workload(), workload()], says: 'is there twice' },
    { title: 'a binding of no role', objects: [role('one'), binding], says: 'binds ClusterRole other' },
    {
      title: 'a field that there is not',
      objects: [{ ...workload(), spec: { ...workload().spec, replica: 2 } }],
      says: 'unknown field "spec.replica"',
    },
    {
      title: 'a wrong value',
      objects: [{ ...workload(), spec: { ...workload().spec, replicas: -1 } }],
      says: 'replicas',
    },
    {
      title: 'a pod that runs as root',
      objects: [workload({ securityContext: {} })],
      says: 'wants runAsNonRoot',
    },
    {
      title: 'the network of the host',
      objects: [workload({ hostNetwork: true })],
      says: 'no namespaces of the host',
    },
    {
      title: 'a folder of the host',
      objects: [workload({ volumes: [{ name: 'x', hostPath: { path: '/' } }] })],
      says: 'no hostPath',
    },
    { title: 'capabilities', objects: [workload({}, { securityContext: {} })], says: 'drop ALL' },
    {
      title: 'a port of the host',
      objects: [workload({}, { ports: [{ containerPort: 80, hostPort: 80 }] })],
      says: 'no hostPort',
    },
    {
      title: 'a container without seccomp',
      objects: [workload({ securityContext: { runAsNonRoot: true } })],
      says: 'seccompProfile',
    },
  ])('have $title told', async ({ objects, says }) => {
    expect((await problems(...objects)).join('\n')).toContain(says);
  });
});
