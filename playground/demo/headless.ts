import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { play } from './play.ts';
import type { Reporter } from './reporter.ts';

/** What goes to the canary besides its weight, if anything does. */
const beside = ({ mirror, observedMirror, matching, observedMatching }: ReleaseStatus): object => ({
  mirror,
  observedMirror,
  matching,
  observedMatching,
});

/**
 * Prints one JSON object with a `type` on each line: every decision when it is recorded, and the outcome of
 * every scenario.
 */
export function headless(print: (line: string) => void): Reporter {
  const say = (object: object): void => print(JSON.stringify(object));
  return {
    opening: () => undefined,
    ending: () => undefined,
    component: (component, line) => say({ type: 'component', component, line }),
    keeping: (stage) => say({ type: 'ready', kubeconfig: stage.kubeconfig }),
    play: async (stage, scenario) => {
      const outcome = await play(stage, scenario, {
        resumed: () => say({ type: 'resumed', resumed: scenario.name }),
        incident: ({ what, seconds }, now) => say({ type: 'incident', incident: what, now, seconds }),
        decision: (record, { metadata, status }) =>
          say({
            type: 'decision',
            release: metadata.name,
            ...record,
            phase: status?.phase,
            step: status?.step,
            weight: status?.weight,
            observedWeight: status?.observedWeight,
            ...(status === undefined ? {} : beside(status)),
          }),
      });
      for (const sample of stage.load.snapshot().samples) say({ type: 'clientError', clientError: sample });
      say({ type: 'outcome', ...outcome });
      return outcome;
    },
  };
}
