import { isTerminal } from '../../api/conditions.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { Intent, Release } from '../../api/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { parseTarget } from '../target.ts';

/** What a human may tell the release under way. */
export type Order = 'promote' | 'promoteStep' | 'abort' | 'pause' | 'resume';

/** `sluice promote|abort|pause|resume deployment/x`. 1: no release under way, or nothing to resume. */
export async function order(io: Io, what: Order, target: string, flags: ConnectionFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await give(io, session, { what, name });
  } finally {
    session.close();
  }
}

/** The same over an open session. */
export async function give(
  io: Io,
  {
    client,
    namespace,
  }: Pick<Session, 'namespace'> & { client: Pick<Session['client'], 'listAll' | 'jsonPatch'> },
  { what, name }: { what: Order; name: string },
): Promise<number> {
  const { releases, newestUnreadable } = await listReleases(client, namespace, name);
  const release = newestUnreadable ? undefined : releases[0];
  if (release === undefined || (release.status !== undefined && isTerminal(release.status.phase))) {
    io.err(`deployment/${name} has no release under way in namespace ${namespace}.`);
    return 1;
  }
  const told = changeFor(what, release);
  if (told === undefined) {
    io.err(`release ${release.metadata.name} is not waiting for anybody: ${release.status?.message ?? ''}`);
    return 1;
  }
  const ref = { resource: RESOURCES.releases, namespace, name: release.metadata.name };
  // Only the release that was looked at: another may have taken its name meanwhile.
  const same: JsonPatchOp = { op: 'test', path: '/metadata/uid', value: release.metadata.uid ?? '' };
  await client.jsonPatch(ref, [same, ...told.patch]);
  io.out(`release ${release.metadata.name}: ${told.sentence}`);
  return 0;
}

interface Told {
  patch: JsonPatchOp[];
  sentence: string;
}

/** `undefined`: there is nothing to go on from. */
function changeFor(what: Order, release: Release): Told | undefined {
  switch (what) {
    case 'promote':
      return intend('Promote', 'is promoted without further analysis');
    case 'abort':
      return intend('Abort', 'is withdrawn; traffic goes back to the stable version');
    case 'pause':
      return intend('Pause', 'stays at its present weight; analysis goes on');
    case 'promoteStep':
      return goOn(release);
    case 'resume':
      return release.spec.intent === 'Pause' ? intend('Auto', 'goes on') : goOn(release);
  }
}

function intend(intent: Intent, sentence: string): Told {
  return { patch: [{ op: 'replace', path: '/spec/intent', value: intent }], sentence };
}

/** What a step asks a human about before it goes on. */
const ASKS: ReadonlySet<string> = new Set([
  REASON.PausedByStep,
  REASON.Inconclusive,
  REASON.TrafficShareTooLow,
  REASON.TrafficShareNone,
]);

/** From a pause of the policy, from a step that came to no conclusion, or from one whose weight is refuted. */
function goOn({ metadata, status }: Release): Told | undefined {
  if (status?.phase !== 'Waiting') return undefined;
  if (!ASKS.has(status.reason)) return undefined;
  const value = String(status.step);
  const patch: JsonPatchOp =
    metadata.annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [ANNOTATION.resumedStep]: value } }
      : {
          op: 'add',
          path: `/metadata/annotations/${ANNOTATION.resumedStep.replaceAll('/', '~1')}`,
          value,
        };
  return { patch: [patch], sentence: `goes on from step ${status.step + 1} of ${status.steps}` };
}
