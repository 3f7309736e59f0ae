import type { ReleaseStatus } from '../../api/release.ts';
import { play } from './play.ts';
import type { Reporter } from './reporter.ts';

/** What goes to the canary beside its weight, if anything does. */
const beside = ({ mirror, observedMirror, matching, observedMatching }: ReleaseStatus): object => ({
  mirror,
  observedMirror,
  matching,
  observedMatching,
});

/** One JSON object per line on `print`: every decision as it is recorded, and the outcome of every scenario. */
export function headless(print: (line: string) => void): Reporter {
  const say = (object: object): void => print(JSON.stringify(object));
  return {
    opening: () => undefined,
    component: (component, line) => say({ component, line }),
    keeping: (stage) => say({ kubeconfig: stage.kubeconfig }),
    play: async (stage, scenario) => {
      const outcome = await play(stage, scenario, {
        resumed: () => say({ resumed: scenario.name }),
        incident: ({ what, seconds }, now) => say({ incident: what, now, seconds }),
        decision: (record, { metadata, status }) =>
          say({
            release: metadata.name,
            ...record,
            phase: status?.phase,
            step: status?.step,
            weight: status?.weight,
            observedWeight: status?.observedWeight,
            ...(status === undefined ? {} : beside(status)),
          }),
      });
      for (const sample of stage.load.snapshot().samples) say({ clientError: sample });
      say(outcome);
      return outcome;
    },
  };
}
