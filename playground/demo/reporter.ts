import type { Scenario } from './catalog.ts';
import type { Outcome } from './play.ts';
import type { Stage } from './stage.ts';
import type { Tactics } from './tactics.ts';

/** Who tells about a demo: for people (show.ts) or for machines (headless.ts). */
export interface Reporter {
  opening(tactics: Tactics): void;
  component(name: string, line: string): void;
  /** plays one scenario and tells about it */
  play(stage: Stage, scenario: Scenario): Promise<Outcome>;
  /** the last word on all scenarios */
  ending(outcomes: readonly Outcome[]): void;
  /** all scenarios are over and the stage stays up */
  keeping(stage: Stage): void;
}
