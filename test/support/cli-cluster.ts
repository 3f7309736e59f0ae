import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { microTime } from '../../kube/lease.ts';
import { recordingIo, type Recorded } from './cli.ts';
import { ScriptedTransport, type Answer } from './scripted-transport.ts';

/**
 * The state of a controller's Lease: renewed all the time, not since the start, absent, free, or unreadable.
 */
export type LeaseState = 'renewed' | 'still' | 'absent' | 'free' | 'forbidden';

export interface Cluster {
  targets?: KubeObject[];
  /** Releases as each look in turn sees them, or an HTTP error; the last one is repeated */
  looks?: (readonly object[] | number)[];
  /** its state at this second since the start */
  lease?: (second: number) => LeaseState;
}

export const failure = (code: number, message = 'away'): Answer => ({
  status: code,
  body: { kind: 'Status', code, reason: 'Refused', message },
});

/** The surroundings of a CLI command: an Io that records, and a session with a scripted cluster. */
export function openCluster({ targets = [], looks = [], lease = () => 'renewed' }: Cluster) {
  const io = recordingIo();
  const startMs = io.clock.now();
  let next = 0;
  const transport = new ScriptedTransport(({ path }) => {
    if (path.includes('/leases/')) return leaseAnswer(lease((io.clock.now() - startMs) / 1000), io);
    if (path.includes('/deployments')) {
      const name = path.split('/deployments/')[1];
      if (name === undefined) return list('DeploymentList', targets);
      const found = targets.find((target) => target.metadata.name === name);
      return found === undefined ? failure(404) : { status: 200, body: found };
    }
    const look = looks[Math.min(next++, looks.length - 1)] ?? [];
    return typeof look === 'number' ? failure(look) : list('ReleaseList', look);
  });
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock: io.clock, fieldManager: 'sluice', resources });
  return { io, transport, session: { client, namespace: 'default' } };
}

const list = (kind: string, items: readonly object[]): Answer => ({
  status: 200,
  body: { kind, metadata: { resourceVersion: '1' }, items },
});

function leaseAnswer(state: LeaseState, { clock }: Recorded): Answer {
  if (state === 'absent') return failure(404);
  if (state === 'forbidden') return failure(403, 'leases is forbidden');
  const renewedMs = state === 'renewed' ? clock.now() : Date.UTC(2025, 11, 31);
  const spec = {
    holderIdentity: state === 'free' ? '' : 'node-1_7',
    leaseDurationSeconds: 15,
    renewTime: microTime(renewedMs),
  };
  const object = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'sluice-controller' },
  };
  return { status: 200, body: { ...object, spec } };
}

/** Lets time pass until the command has ended. */
export async function finish<T>(io: Recorded, running: Promise<T>, seconds = 100): Promise<T> {
  const state = { ended: false };
  const end = () => (state.ended = true);
  running.then(end, end);
  for (let second = 0; second < seconds && !state.ended; second++) await io.clock.advance(1_000);
  return running;
}
