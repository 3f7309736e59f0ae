import { checkQuery } from '../../../api/query.ts';
import type { Issue } from '../../../lib/result.ts';
import { callIn, flawIn } from '../../promql/template.ts';
import type { QueryText } from '../source.ts';

/** What Prometheus would refuse, and what could not be measured although Prometheus would answer it. */
export function checkPromql({ text, use, args, fenced }: QueryText): Omit<Issue, 'path'> | undefined {
  return checkQuery(text, args) ?? checkUse(text, use) ?? checkGrammar(text, fenced);
}

const DIFFERENCES: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'delta', 'idelta', 'deriv']);

function checkUse(text: string, use: QueryText['use']): Omit<Issue, 'path'> | undefined {
  if (use === 'number') return undefined;
  const difference = callIn(text, (name) => DIFFERENCES.has(name));
  if (difference !== undefined) {
    return {
      value: shortened(text),
      message: `takes differences itself (${difference})`,
      remedy: `give the counter alone, without ${difference}() and range; Sluice takes the differences, window by window`,
    };
  }
  if (use !== 'histogram' || callIn(text, (name) => name.startsWith('histogram_')) === undefined)
    return undefined;
  // a quantile per window cannot be compared request by request
  return {
    value: shortened(text),
    message: 'takes a number out of the histogram',
    remedy: 'give the histogram itself: the selector of its _bucket series, or of the native histogram',
  };
}

function checkGrammar(text: string, fenced: boolean): Omit<Issue, 'path'> | undefined {
  const flaw = flawIn(text, { fenced });
  return (
    flaw && {
      value: flaw.excerpt,
      message: flaw.message,
      remedy: 'correct it there, and try it in Prometheus',
    }
  );
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
