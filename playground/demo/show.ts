import type { VerdictResult } from '../../api/kinds/release/verdict.ts';
import type { DecisionRecord } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { isNothing } from '../../api/split.ts';
import { escapeText } from '../../lib/text.ts';
import { SCENARIOS } from './catalog.ts';
import type { Incident, Scenario } from './catalog.ts';
import { APP, BASE_ERROR_RATE, NAMESPACE } from './objects.ts';
import { SAFE_MARGIN } from './policies.ts';
import { faultsOf, play } from './play.ts';
import type { Outcome } from './play.ts';
import type { Reporter } from './reporter.ts';
import { Screen, decisionLine, isQuiet, stepLine, viewOf } from './screen.ts';
import type { Paper, StepView } from './screen.ts';
import type { Stage } from './stage.ts';
import { story } from './tactics.ts';
import type { Tactics } from './tactics.ts';

const CONCLUSIONS: Record<string, VerdictResult> = {
  StepPassed: 'pass',
  AllStepsPassed: 'pass',
  HarmDetected: 'fail',
};

const LEAVING = new Set(['Draining', 'CleaningUp', 'RollbackInProgress', 'PromotionInProgress']);

/** The demo, shown to people. */
export class Show implements Reporter {
  private readonly screen: Screen;
  private release: Release | undefined;
  private step: StepView | undefined;
  private legend = false;
  private readonly leaving = new Set<string>();

  constructor(paper: Paper) {
    this.screen = new Screen(paper);
  }

  opening(tactics: Tactics): void {
    const safe = `stable × ${1 + SAFE_MARGIN.relative} + ${SAFE_MARGIN.absolute * 100} points`;
    this.screen.line(
      this.screen.paint(
        'bold',
        'Sluice demo: a small cluster on this machine; the controller is the real one',
      ),
    );
    this.screen.line(story(tactics));
    this.screen.line(
      `Stable fails ${BASE_ERROR_RATE * 100}% of requests; here a version is "safe" below ${safe}.`,
    );
    this.screen.line();
  }

  ending(outcomes: readonly Outcome[]): void {
    const { screen } = this;
    const bad = outcomes.filter((outcome) => faultsOf(outcome).length > 0);
    screen.line();
    for (const outcome of bad)
      screen.line(screen.paint('red', `✗ ${outcome.scenario}: ${faultsOf(outcome).join('; ')}`));
    const good = outcomes.length - bad.length;
    const end = `${good} of ${outcomes.length} ${outcomes.length === 1 ? 'scenario' : 'scenarios'} ended as they should`;
    screen.line(screen.paint(bad.length === 0 ? 'green' : 'red', `${end}; exit ${bad.length === 0 ? 0 : 1}`));
  }

  component(name: string, line: string): void {
    this.screen.line(`  ${this.screen.paint('green', '✓')} ${name.padEnd(11)} ${line}`);
  }

  keeping(stage: Stage): void {
    this.screen.line();
    this.screen.line('Still serving until Ctrl-C. In another terminal:');
    this.screen.whole(`  export KUBECONFIG=${stage.kubeconfig}`);
    this.screen.whole('  npm run -s sluice -- status');
  }

  async play(stage: Stage, scenario: Scenario): Promise<Outcome> {
    const { screen } = this;
    this.release = undefined;
    this.step = undefined;
    this.leaving.clear();
    screen.line();
    screen.line(screen.paint('bold', `── ${scenario.name}: ${scenario.title}`));
    const outcome = await play(stage, scenario, {
      changed: (image) =>
        screen.whole(`  $ kubectl -n ${NAMESPACE} set image deployment/${APP} web=${image}`),
      decision: (record, release) => this.decision(record, release),
      progress: (release) => this.progress(release),
      resumed: () => screen.whole(`  $ sluice resume -n ${NAMESPACE} deployment/${APP}`),
      incident: (incident, now) => this.incident(incident, now),
    });
    this.closing(outcome, stage);
    return outcome;
  }

  private decision(record: DecisionRecord, release: Release): void {
    this.release = release;
    this.lastOfStep(record);
    // the closing reports the last one
    const ending = release.status?.endedAt !== undefined;
    if (!ending && !isQuiet(record) && !this.isTold(record))
      this.screen.line(decisionLine(record, this.screen));
  }

  /** When it ends, a release passes the same stages for each of its objects; each stage is shown once. */
  private isTold({ reason }: DecisionRecord): boolean {
    if (!LEAVING.has(reason)) return false;
    const told = this.leaving.has(reason);
    this.leaving.add(reason);
    return told;
  }

  /** The end of a step is only in the record: the status already shows the next step. */
  private lastOfStep({ reason, numbers }: DecisionRecord): void {
    const result = CONCLUSIONS[reason];
    const { step } = this;
    if (result === undefined || numbers === undefined || step === undefined) return;
    this.step = undefined;
    const verdict = { result, reason, numbers };
    this.screen.step(String(step.step), stepLine({ ...step, verdict }, this.screen), true);
  }

  private progress(release: Release): void {
    this.release = release;
    const { status } = release;
    if (status?.phase !== 'Progressing' && status?.phase !== 'Waiting') return;
    this.step = viewOf(status);
    if (isNothing(this.step.wanted)) return;
    this.explainEvidence();
    this.screen.step(String(status.step), stepLine(this.step, this.screen));
  }

  private explainEvidence(): void {
    if (this.legend || this.step?.verdict === undefined) return;
    this.legend = true;
    this.screen.line(
      this.screen.paint(
        'dim',
        '  E is the evidence so far: harm that reaches its bar rolls back, safe that reaches its bar passes the step.',
      ),
    );
  }

  private incident({ what, seconds }: Incident, now: 'begins' | 'ends'): void {
    const text = now === 'begins' ? `begins, for ${seconds} s` : 'is over';
    this.screen.line(`  ${this.screen.paint('yellow', `⚡ ${what} ${text}`)}`);
  }

  private closing(outcome: Outcome, stage: Stage): void {
    const { screen } = this;
    const { wantPhase } = SCENARIOS[outcome.scenario];
    const { message = '', verdict } = this.release?.status ?? {};
    const end =
      outcome.phase === wantPhase
        ? screen.paint('green', `✓ ${outcome.phase}, as it should be:`)
        : screen.paint('red', `✗ ${outcome.phase}, and should be ${wantPhase}:`);
    screen.line(`  ${end} ${escapeText(message)}`);
    if (verdict !== undefined && verdict.sentence !== message)
      screen.line(`    Why: ${escapeText(verdict.sentence)}`);
    const detection =
      outcome.detectionSeconds === null ? '' : `, ${outcome.detectionSeconds} s to the decision`;
    const marked = outcome.matching ? `, ${outcome.matchedRequests} of them with the mark of the test` : '';
    screen.line(
      `    ${observed(outcome)}; ${outcome.canaryRequests} requests met the new version${marked}${detection}; ` +
        `requests lost to Sluice or the rollout: ${outcome.clientErrors}; ` +
        `left behind: ${outcome.leftovers.length === 0 ? 'nothing' : outcome.leftovers.join('; ')}.`,
    );
    const name = this.release?.metadata.name ?? '';
    const tools = `kubectl --kubeconfig ${stage.kubeconfig} -n ${NAMESPACE}`;
    screen.whole(screen.paint('dim', `    Record: ${tools} get release ${name} -o yaml`));
  }
}

function observed({ weights, mirror, matching }: Outcome): string {
  const beside = [
    ...(mirror > 0 ? [`copies of ${mirror}%`] : []),
    ...(matching ? ['requests that match'] : []),
  ];
  const more = beside.length === 0 ? '' : `, beside that ${beside.join(' and ')}`;
  return `Weights observed ${weights.join(' → ') || 'none'}${more}`;
}
