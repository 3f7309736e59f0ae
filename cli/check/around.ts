import { readSnapshot, type Reader } from '../../controller/observe/snapshot.ts';
import type { ControllerConfig } from '../../release/model.ts';
import { UsageError, type Io } from '../io.ts';
import { lookAt } from './look.ts';
import { askQueries } from './queries.ts';
import type { Report } from './report.ts';

export interface Looking {
  reader: Reader;
  name: string;
  namespace: string;
  flags: { filename?: string[]; controllerNamespace: string; clusterDomain?: string };
  endpoints: ReadonlyMap<string, string>;
}

/** One look at a target and at what its release would need. */
export async function look(
  io: Pick<Io, 'clock'>,
  { reader, name, namespace, flags, endpoints }: Looking,
): Promise<Report> {
  const nowMs = io.clock.now();
  const snapshot = await readSnapshot(
    { namespace, name },
    {
      reader,
      measurements: { measured: () => undefined, measuring: () => false },
      refusals: { of: () => ({}) },
      memory: { seen: () => undefined, unserved: () => undefined },
      // Only the controller has the key; nothing is done here because of what a Release says.
      isSealed: () => true,
      config: configOf(flags, endpoints),
      nowMs,
    },
  );
  if (snapshot?.target === undefined) {
    throw new UsageError(`target: there is no Deployment ${name} in namespace ${namespace}; see -n`);
  }
  const checked = lookAt(snapshot);
  const asked = await askQueries(checked, endpoints, nowMs);
  return { target: name, namespace, checked, asked, offline: flags.filename !== undefined };
}

/** The end points of the controller are not known here: only those given by flags are. */
function configOf(flags: Looking['flags'], endpoints: ReadonlyMap<string, string>): ControllerConfig {
  const known = [...new Set(['prometheus/default', ...endpoints.keys()])];
  return {
    namespace: flags.controllerNamespace,
    hold: 'pause',
    endpoints: known,
    scrapeLagMs: 0,
    minIntervalMs: 1_000,
    ...(flags.clusterDomain === undefined ? {} : { clusterDomain: flags.clusterDomain }),
  };
}
