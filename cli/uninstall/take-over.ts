import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { LeaderElection } from '../../kube/lease.ts';
import { getString } from '../../lib/json.ts';
import { UsageError, type Io } from '../io.ts';

type LeaseClient = Pick<KubeClient, 'get' | 'create' | 'mergePatch'>;

/** A controller that is told to stop takes 20 s at most; the Lease of one that died runs out after 15 s. */
const PATIENCE_MS = 60_000;

/** The Lease, held for as long as work has to be done that only one process may do. */
export interface Held {
  /** asked before each write */
  isLeader: () => boolean;
  release: () => Promise<void>;
}

/**
 * Waits for the controller's Lease and holds it: from then on nothing else acts on targets.
 *
 * @throws UsageError if another process goes on renewing it
 */
export async function takeOver(io: Io, client: LeaseClient, identity: string): Promise<Held> {
  const { namespace, lease: name } = HOME;
  const election = new LeaderElection({
    client,
    clock: io.clock,
    random: () => 0,
    namespace,
    name,
    identity,
  });
  const patience = new AbortController();
  const cancel = io.clock.after(PATIENCE_MS, () => patience.abort());
  try {
    await election.acquire(AbortSignal.any([patience.signal, io.stop]));
  } catch (error) {
    if (!patience.signal.aborted) throw error;
    const lease = await client.get({ resource: RESOURCES.leases, namespace, name });
    const holder = getString(lease?.spec, 'holderIdentity') ?? 'another process';
    throw new UsageError(
      `${holder} holds Lease ${namespace}/${name} and goes on renewing it: a controller that is not part of the installation still runs; stop it, then run sluice uninstall again`,
    );
  } finally {
    cancel();
  }
  const end = new AbortController();
  const held = election.hold(end.signal);
  return {
    isLeader: () => election.isLeader(),
    release: async () => {
      end.abort();
      await held;
    },
  };
}
