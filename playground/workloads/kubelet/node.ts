import type { KubeObject } from '../../../api/kube.ts';
import type { StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { NODES } from '../kinds.ts';
import { now } from '../time.ts';

/** Registers the node, unless it exists already. */
export function registerNode(store: StoreClient, clock: Clock, name: string): void {
  if (store.get(NODES, undefined, name) !== undefined) return;
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
  };
  const node: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} };
  const made = store.create(NODES, node, { fieldManager: 'kubelet' });
  const resources = { cpu: '64', memory: '256Gi', pods: '1000' };
  const at = now(clock);
  const status = {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'kubelet is posting ready status',
        lastHeartbeatTime: at,
        lastTransitionTime: at,
      },
    ],
  };
  store.update(NODES, { ...made, status }, { subresource: 'status', fieldManager: 'kubelet' });
}
