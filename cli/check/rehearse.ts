import { REASON } from '../../api/reasons.ts';
import type { Write } from '../../api/writes.ts';
import type { Note } from '../../release/preflight/index.ts';
import type { Action } from '../../release/model.ts';
import { refusalKind } from '../../release/status/obstacle.ts';
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Refusal } from '../../providers/provider.ts';

/** What the API server said to the first writes. */
export interface Rehearsed {
  refusals: Refusal[];
  /** notes about writes that could not be tried */
  notes: Note[];
}

type DryRun = Write & { dryRun: true };

const isDryRun = (write: Write): write is DryRun => 'dryRun' in write;

/** Makes the first writes of a release as dry runs, as the controller does right before it begins one. */
export async function rehearse(
  client: Pick<KubeClient, 'execute'>,
  rehearsal: readonly Action[],
): Promise<Rehearsed> {
  const rehearsed: Rehearsed = { refusals: [], notes: [] };
  for (const action of rehearsal) {
    if (action.do !== 'write' || !isDryRun(action.write)) continue;
    try {
      await client.execute(action.write);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const name = action.onRefusal?.name;
      const what = [action.why, ...(name === undefined ? [] : [`(${name})`])].join(' ');
      if (refusalKind(error) === 'refused' && !error.message.includes('does not support dry run'))
        rehearsed.refusals.push({
          reason: REASON.Refused,
          sentence: `The API server refuses to ${what} in a dry run: ${error.message}; change the template or what refuses it.`,
        });
      else
        rehearsed.notes.push({
          reason: REASON.ActionFailed,
          sentence: `It is not known whether the API server accepts to ${what}, because the dry run failed: ${error.message}`,
        });
    }
  }
  return rehearsed;
}
