import type { TargetKey } from '../api/target-key.ts';
import type { Logger } from 'pino';

/** A warning of the API server, or of a webhook behind it, about one write. */
export interface Remark {
  /** what was being done */
  why: string;
  text: string;
}

/** After this many different texts about one release, more texts add nothing. */
const MOST = 50;

/** Logs each warning of the API server once per release: the same write may be repeated every few seconds. */
export class WarningLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #told = new Map<TargetKey, { release: string | undefined; texts: Set<string> }>();

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** `release`: name of the Release that the pass worked on; undefined: the target has no Release. */
  tell(target: TargetKey, release: string | undefined, remarks: readonly Remark[]): void {
    if (remarks.length === 0) return;
    const before = this.#told.get(target);
    const told =
      before !== undefined && before.release === release ? before : { release, texts: new Set<string>() };
    this.#told.set(target, told);
    for (const { why, text } of remarks) {
      if (told.texts.has(text) || told.texts.size >= MOST) continue;
      told.texts.add(text);
      this.#log.warn({ target, release, doing: why, warning: text }, 'the API server warned');
    }
  }

  forget(target: TargetKey): void {
    this.#told.delete(target);
  }
}
