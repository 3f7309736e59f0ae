import type { Release } from '../api/kinds/release/release.ts';
import type { AtWork } from './at-work.ts';
import { toJson } from './format/document.ts';
import { formatClock } from './format/numbers.ts';
import { formatProgress, progressKey } from './format/progress.ts';
import { summarize } from './format/summary.ts';
import { EXIT, type Io } from './io.ts';
import type { WaitResult } from './wait-logic.ts';

const WORDS: Record<WaitResult['outcome'], string> = {
  promoted: 'promoted',
  rolledBack: 'rolled back',
  aborted: 'aborted',
  timedOut: 'not ended in time',
  needsHuman: 'waits for a human',
  superseded: 'superseded',
  blocked: 'blocked',
  escaped: 'rolled out unproven',
  gone: 'gone',
};

/** Prints what is new, once: lines for people, objects with a `type` for machines. */
export class WaitReport {
  readonly #io: Io;
  readonly #request: { name: string; json: boolean };
  #last = '';
  #release: Release | undefined;
  #trouble = '';
  #atWork: AtWork | undefined;
  #news: 'away' | 'unnoticed' | 'fine' = 'fine';

  constructor(io: Io, request: { name: string; json: boolean }) {
    this.#io = io;
    this.#request = request;
  }

  progress(release: Release): void {
    this.#trouble = '';
    this.#release = release;
    const key = progressKey(release);
    if (key === this.#last) return;
    this.#last = key;
    if (this.#request.json) this.#object('progress', summarize(release));
    else this.#io.out(formatProgress(release, formatClock(this.#now), this.#io.paint));
  }

  trouble(message: string): void {
    if (message !== this.#trouble) this.#io.err(`waiting for the API server: ${message}`);
    this.#trouble = message;
  }

  /** Says when no controller is at work, when one is again, and when it has not noticed the change. */
  controller(atWork: AtWork, { unnoticed }: { unnoticed: boolean }): void {
    if (atWork.seen === 'unsure') return;
    this.#atWork = atWork;
    const news = atWork.seen === 'no' ? 'away' : unnoticed ? 'unnoticed' : 'fine';
    if (news === this.#news) return;
    const message = {
      away: atWork.sentence,
      unnoticed: `No controller has noticed this change yet. ${atWork.sentence}${atWork.seen === 'yes' ? ' Does it watch this namespace?' : ''}`,
      fine: `The change has been noticed. ${atWork.sentence}`,
    }[news];
    this.#news = news;
    if (this.#request.json) this.#object('controller', { atWork: atWork.seen, message });
    else this.#io.err(message);
  }

  timedOut(): number {
    const away = this.#atWork?.seen === 'no' ? ` ${this.#atWork.sentence}` : '';
    const sentence =
      this.#release === undefined
        ? `No release of this template was begun.${away}`
        : `The release has not ended${away === '' ? '; it continues.' : `.${away}`}`;
    return this.end({ outcome: 'timedOut', sentence });
  }

  end({ outcome, reason, sentence }: WaitResult): number {
    const { name, json } = this.#request;
    const io = this.#io;
    const exitCode = EXIT[outcome];
    if (json) {
      this.#object('outcome', { target: name, outcome, exitCode, reason, message: sentence });
      return exitCode;
    }
    const colour = exitCode === 0 ? 'green' : exitCode === EXIT.needsHuman ? 'yellow' : 'red';
    // The line above has already said it.
    const said = this.#release?.status?.message === sentence;
    io.out(`deployment/${name}: ${io.paint(colour, WORDS[outcome])}.${said ? '' : ` ${sentence}`}`);
    if (exitCode !== 0 && outcome !== 'gone' && this.#release !== undefined)
      io.out(`For the story: sluice explain deployment/${name}`);
    return exitCode;
  }

  get #now(): string {
    return new Date(this.#io.clock.now()).toISOString();
  }

  #object(type: string, facts: object): void {
    this.#io.text(toJson({ type, time: this.#now, ...facts }));
  }
}
