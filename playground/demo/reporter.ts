import type { Scenario } from './catalog.ts';
import type { Outcome } from './play.ts';
import type { Stage } from './stage.ts';
import type { Tactics } from './tactics.ts';

/** Reports on a demo: for people (show.ts) or for machines (headless.ts). */
export interface Reporter {
  opening(tactics: Tactics): void;
  component(name: string, line: string): void;
  /** plays one scenario and reports on it */
  play(stage: Stage, scenario: Scenario): Promise<Outcome>;
  /** the summary of all scenarios */
  ending(outcomes: readonly Outcome[]): void;
  /** all scenarios are over and the stage keeps running */
  keeping(stage: Stage): void;
}
