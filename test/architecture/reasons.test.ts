import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PHASES } from '../../api/kinds/release/status.ts';
import { isReason, REASON } from '../../api/reasons.ts';
import { ROOT } from './root.ts';

/** For every phase and reason there is a page that says what it means and what to do. */

const RUNBOOKS = join(ROOT, 'docs/runbooks');
const runbooks = readdirSync(RUNBOOKS)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(RUNBOOKS, name), 'utf8'));
const pages = [readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8'), ...runbooks];
const quoted = (text: string): string[] =>
  [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word = '']) => word);

describe('troubleshooting and runbooks', () => {
  it('name every reason', () => {
    const named = new Set(pages.flatMap(quoted));
    expect(Object.values(REASON).filter((reason) => !named.has(reason))).toEqual([]);
  });

  it.each(PHASES)('have a page for phase %s', (phase) => {
    expect(existsSync(join(RUNBOOKS, `${phase.toLowerCase()}.md`))).toBe(true);
  });

  it('list no reason that does not exist', () => {
    const listed = runbooks.flatMap((page) => [...page.matchAll(/^\| `([A-Z]\w+)` /gm)]);
    expect(listed.map(([, word = '']) => word).filter((word) => !isReason(word))).toEqual([]);
    expect(listed.length).toBeGreaterThan(0);
  });
});
