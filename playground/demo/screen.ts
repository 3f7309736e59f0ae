import { stripVTControlCharacters } from 'node:util';
import type { MetricVerdict } from '../../api/kinds/release/verdict.ts';
import type { DecisionRecord, ReleaseStatus } from '../../api/kinds/release/status.ts';
import { observedSplit, wantedSplit } from '../../api/split.ts';
import type { Split } from '../../api/split.ts';
import { escapeText, wrapWords } from '../../lib/text.ts';

export interface Paper {
  print(line: string): void;
  /** raw text; only where `terminal` is true */
  write(text: string): void;
  terminal: boolean;
  columns(): number;
  color: boolean;
}

const COLORS = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Color = keyof typeof COLORS;

/**
 * Lines for people: on a terminal the line of the present step is rewritten in place; elsewhere each is a new
 * line.
 */
export class Screen {
  private readonly paper: Paper;
  private live = '';
  private lastKey = '';
  private lastMs = 0;

  constructor(paper: Paper) {
    this.paper = paper;
  }

  paint(color: Color, text: string): string {
    return this.paper.color ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;
  }

  /** the width at which a rewritten line has to end */
  get columns(): number {
    return this.paper.columns() - 1;
  }

  /** A line, wrapped between words if it is too long; the following lines have its indent. */
  line(text = ''): void {
    const indent = `${/^ */.exec(text)?.[0] ?? ''}  `;
    for (const each of wrapWords(text, this.paper.columns(), indent)) this.whole(each);
  }

  /** A line for copying: it is never wrapped. */
  whole(text: string): void {
    this.settle();
    this.paper.print(text);
  }

  /**
   * Shows the state of a step: `key` names the step, so that its last state stays when another begins.
   * `final`: always show it.
   */
  step(key: string, text: string, final = false): void {
    if (text === this.live) return;
    if (this.paper.terminal) {
      if (this.live !== '' && key !== this.lastKey) this.settle();
      this.paper.write(`\r\u001b[2K${fit(text, this.columns)}`);
    } else if (final || key !== this.lastKey || performance.now() - this.lastMs >= 3000) {
      this.paper.print(text);
      this.lastMs = performance.now();
    }
    this.live = text;
    this.lastKey = key;
  }

  private settle(): void {
    if (this.paper.terminal && this.live !== '') this.paper.write('\n');
    this.live = '';
  }
}

/** Shortens a line that would wrap, without its colours: a wrapped line cannot be rewritten in place. */
function fit(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length <= columns ? text : `${plain.slice(0, columns - 1)}…`;
}

/** The data for the line of a step. */
export interface StepView {
  step: number;
  steps: number;
  wanted: Split;
  /** undefined: it cannot be read */
  observed: Split | undefined;
  reason: string;
  verdict?: Pick<MetricVerdict, 'result' | 'reason' | 'numbers'>;
}

export function viewOf(status: ReleaseStatus): StepView {
  const { step, steps, reason } = status;
  const verdict = status.analysis?.verdicts[0];
  const observed = status.observedWeight === null ? undefined : observedSplit(status);
  return {
    step,
    steps,
    wanted: wantedSplit(status),
    observed,
    reason,
    ...(verdict === undefined ? {} : { verdict }),
  };
}

/** "5%", "copies 100%", "0% + match" */
function short(split: Split | undefined): string {
  if (split === undefined) return '?';
  if (split.mirror > 0 && split.weight === 0) return `copies ${split.mirror}%`;
  return `${split.weight}%${split.matching ? ' + match' : ''}`;
}

/**
 * One step in one line: weight wanted and observed, requests and errors of both arms, evidence and the bar
 * for it, verdict. If the terminal is too narrow, a shorter line without some of these; evidence and verdict
 * are dropped last.
 */
export function stepLine(view: StepView, screen: Screen): string {
  const layouts = screen.columns >= WIDE ? [wide, narrow, narrowest] : [narrow, narrowest];
  const lines = layouts.map((layout) => layout(view, screen));
  return lines.find((line) => stripVTControlCharacters(line).length <= screen.columns) ?? lines.at(-1) ?? '';
}

const WIDE = 109;

type Layout = (view: StepView, screen: Screen) => string;

const place = ({ step, steps }: StepView): string => `${Math.max(step + 1, 0)}/${steps}`;

/** The reason StepPassed is about the step before. */
const waitsFor = ({ reason }: StepView): string => (reason === 'StepPassed' ? 'next step' : reason);

const wide: Layout = (view, screen) => {
  const step = `step ${place(view)}`;
  const weight = screen.paint(
    'cyan',
    `${step}  ${pad(short(view.wanted), 3)} wanted ${pad(short(view.observed), 3)} observed`,
  );
  const { verdict } = view;
  if (verdict === undefined) return `  ${weight}  ${screen.paint('dim', waitsFor(view))}`;
  const { canary, stable, harm, safe } = figures(verdict.numbers);
  return (
    `  ${weight}  errors ${pad(canary, 6)} canary ${pad(stable, 7)} stable  ` +
    `E harm ${pad(harm, 7)} safe ${pad(safe, 7)}  ${colored(verdict, screen)}`
  );
};

const narrow: Layout = (view, screen) => {
  const { verdict } = view;
  if (verdict === undefined) return `  ${weightOf(view, screen)}  ${screen.paint('dim', waitsFor(view))}`;
  const { canary, stable, harm, safe } = figures(verdict.numbers);
  return (
    `  ${weightOf(view, screen)} errors ${pad(canary, 6)} vs ${pad(stable, 7)}  ` +
    `E harm ${pad(harm, 5)} safe ${pad(safe, 5)} ${colored(verdict, screen)}`
  );
};

const narrowest: Layout = (view, screen) => {
  const { verdict } = view;
  if (verdict === undefined) return narrow(view, screen);
  const { harm, safe } = figures(verdict.numbers);
  return `  ${weightOf(view, screen)}  E harm ${harm} safe ${safe} ${colored(verdict, screen)}`;
};

/** "2/3  25%"; while the route does not show the wanted weight yet, "2/3 5→25%" */
function weightOf(view: StepView, screen: Screen): string {
  const [wanted, observed] = [short(view.wanted), short(view.observed)];
  const told = wanted === observed ? wanted : `${observed.replace(/%$/, '')}→${wanted}`;
  return screen.paint('cyan', `${place(view)} ${pad(told, 4)}`);
}

/** Errors and requests in this step, and evidence with the bar for it. */
function figures(of: Record<string, number>): Record<'canary' | 'stable' | 'harm' | 'safe', string> {
  const arm = (name: 'Canary' | 'Stable'): string =>
    `${whole(of[`step${name}Errors`])}/${whole(of[`step${name}Requests`])}`;
  const evidence = (value: string, bar: string): string => `${brief(of[value])}/${brief(of[bar])}`;
  return {
    canary: arm('Canary'),
    stable: arm('Stable'),
    harm: evidence('evidence', 'bar'),
    safe: evidence('safeEvidence', 'safeBar'),
  };
}

function colored(verdict: NonNullable<StepView['verdict']>, screen: Screen): string {
  const color = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const;
  // The next line says why a step passed or failed; only this line says what is still missing.
  const lacks = verdict.result === 'inconclusive' && verdict.reason !== 'MoreDataNeeded';
  const told = lacks ? `${verdict.result} (${verdict.reason})` : verdict.result;
  return screen.paint(color[verdict.result], told);
}

/** Decisions without a line of their own: the step line shows them. */
const QUIET = new Set(['MoreDataNeeded', 'ObservingWeight', 'SettingWeight', 'ScalingCanary', 'SafeProven']);

export function isQuiet(record: DecisionRecord): boolean {
  return QUIET.has(record.reason);
}

export function decisionLine(record: DecisionRecord, screen: Screen): string {
  return `  ${screen.paint('dim', record.time.slice(11, 19))} ${screen.paint('bold', record.reason)}: ${escapeText(record.sentence)}`;
}

function whole(value: number | undefined): string {
  return value === undefined ? '0' : String(Math.round(value));
}

function brief(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value >= 1e5) return value.toExponential(0);
  return value >= 10 ? String(Math.round(value)) : value.toFixed(2);
}

function pad(text: string, width: number): string {
  return text.padStart(width);
}
