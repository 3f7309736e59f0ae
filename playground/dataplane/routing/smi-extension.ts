import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { ApiError, pathOf } from '../proxy/api-client.ts';
import type { ApiClient, Mirror } from '../proxy/api-client.ts';

const PROFILES = 'linkerd.io/v1alpha2';
const SKIP = 'smi.linkerd.io/skip';

export interface SmiOptions {
  client: Pick<ApiClient, 'create' | 'patch'>;
  splits: Pick<Mirror, 'all'>;
  profiles: Pick<Mirror, 'get'>;
}

/**
 * Replaces Linkerd's SMI extension: writes the split of a TrafficSplit to the ServiceProfile of its apex.
 * When the TrafficSplit is gone, it removes that, with everything else in the same field.
 */
export class SmiExtension {
  private readonly options: SmiOptions;
  /** apexes for which it has written overrides: "<namespace>/<service>" */
  private readonly split = new Set<string>();

  constructor(options: SmiOptions) {
    this.options = options;
  }

  /** Updates every ServiceProfile; throws what the API throws. */
  async sync(): Promise<void> {
    const splits = this.options.splits.all();
    const apexes = splits.map((split) => apexOf(split));
    for (const split of splits) {
      this.split.add(apexOf(split));
      await this.write(apexOf(split), overridesOf(split));
    }
    for (const apex of this.split) {
      if (apexes.includes(apex)) continue;
      await this.write(apex, null);
      this.split.delete(apex);
    }
  }

  private async write(apex: string, dstOverrides: JsonObject[] | null): Promise<void> {
    const { client, profiles } = this.options;
    const [namespace = '', service = ''] = apex.split('/');
    const name = authority(service, namespace);
    const live = profiles.get(namespace, name);
    if (live?.metadata.annotations?.[SKIP] !== undefined) return;
    if (JSON.stringify(live?.spec?.['dstOverrides'] ?? null) === JSON.stringify(dstOverrides)) return;
    if (live !== undefined) {
      await client.patch(pathOf(PROFILES, 'serviceprofiles', namespace, name), 'merge', {
        spec: { dstOverrides },
      });
    } else if (dstOverrides !== null) {
      const metadata = { name, namespace };
      const profile = { apiVersion: PROFILES, kind: 'ServiceProfile', metadata, spec: { dstOverrides } };
      await client.create(pathOf(PROFILES, 'serviceprofiles', namespace), profile).catch(existsAlready);
    }
  }
}

/** The watch will report the object, and then it is patched. */
function existsAlready(error: unknown): void {
  if (!(error instanceof ApiError && error.code === 409)) throw error;
}

const authority = (service: string, namespace: string): string => `${service}.${namespace}.svc.cluster.local`;

const apexOf = (split: KubeObject): string =>
  `${split.metadata.namespace ?? ''}/${(split.spec?.['service'] as string | undefined) ?? ''}`;

function overridesOf(split: KubeObject): JsonObject[] {
  const backends = (split.spec?.['backends'] ?? []) as { service: string; weight: number | string }[];
  return backends.map(({ service, weight }) => ({
    authority: authority(service, split.metadata.namespace ?? ''),
    weight: String(weight),
  }));
}
