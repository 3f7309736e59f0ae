import { FIELD_MANAGER, HOME, LABEL } from '../api/names.ts';
import type { KubeObject, Resource } from '../api/kube.ts';
import { newestFirst } from '../api/order.ts';
import { parseRelease } from '../api/kinds/release/release.ts';
import type { Release } from '../api/kinds/release/release.ts';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import { connect } from '../kube/http.ts';
import { servedVersions } from '../kube/versions.ts';
import type { Clock } from '../lib/clock.ts';
import { labelValue } from '../release/canary/names.ts';
import { UsageError } from './io.ts';

export interface ConnectionFlags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  /** the user whose rights count; default: the user of the kubeconfig */
  as?: string;
}

export interface Session {
  client: KubeClient;
  /** namespace of the flag, else of the kubeconfig's context, else "default" */
  namespace: string;
  close(): void;
}

/** What a session writes, and under which name the server records that. */
export interface Writing {
  fieldManager: string;
  resources: readonly Resource[];
}

const OWN: Writing = { fieldManager: FIELD_MANAGER, resources: Object.values(RESOURCES) };

/** Connects to the API server. Throws a UsageError if the kubeconfig cannot be used. */
export function openSession(flags: ConnectionFlags, clock: Clock, writing = OWN): Session {
  try {
    const connection = connect({
      kubeconfig: flags.kubeconfig,
      context: flags.context,
      as: flags.as,
      userAgent: 'sluice-cli',
    });
    const client = new KubeClient({
      transport: servedVersions(connection.transport, writing.resources),
      clock,
      ...writing,
    });
    const namespace = flags.namespace ?? connection.namespace ?? 'default';
    return { client, namespace, close: () => connection.close() };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** With the name and the rights of the controller, which the user has to be allowed to impersonate. */
export const asController = <Flags extends ConnectionFlags>(flags: Flags): Flags => ({
  ...flags,
  as: `system:serviceaccount:${HOME.namespace}:sluice`,
});

export interface ReleaseList {
  /** newest first */
  releases: Release[];
  /** "shop-3: status.phase cannot be read" for each Release of another version, newest first */
  unreadable: string[];
  /** the newest of all is unreadable: older ones do not show the present state */
  newestUnreadable: boolean;
}

/** The readable Releases among raw objects, newest first. */
export function readReleases(objects: readonly KubeObject[]): ReleaseList {
  const list: ReleaseList = { releases: [], unreadable: [], newestUnreadable: false };
  for (const [index, object] of newestFirst(objects).entries()) {
    const parsed = parseRelease(object);
    if (parsed.ok) list.releases.push(parsed.value);
    else list.unreadable.push(`${object.metadata.name}: ${parsed.issues[0]?.path ?? ''} cannot be read`);
    if (index === 0) list.newestUnreadable = !parsed.ok;
  }
  return list;
}

/** Releases of one target, or of all when no name is given, or of all namespaces when `namespace` is absent. */
export async function listReleases(
  client: Pick<KubeClient, 'listAll'>,
  namespace: string | undefined,
  target?: string,
): Promise<ReleaseList> {
  const labelSelector = target === undefined ? undefined : releaseSelector(target);
  const { items } = await client.listAll(RESOURCES.releases, { namespace, labelSelector });
  return readReleases(items);
}

/** Label selector of the Releases of one target. */
export function releaseSelector(target: string): string {
  return `${LABEL.target}=${labelValue(target)}`;
}
