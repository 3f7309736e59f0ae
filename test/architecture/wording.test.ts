import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOT } from './root.ts';

/** Source whose texts users read: in a status, a log, an Event, a CRD, a metric or on the command line. */
const SOURCES = globSync('{api,analysis,providers,release,kube,controller,cli,playground}/**/*.ts', {
  cwd: ROOT,
}).filter((path) => !path.endsWith('.test.ts') && !path.includes('/conformance/'));

/** Pages that users read; records of decisions stay as they were written. */
const PAGES = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT }).filter(
  (path) => !path.startsWith('docs/adr/'),
);

/** Wording that has to be read twice, or is old-fashioned; and what to say instead. */
const RIDDLES: { riddle: RegExp; instead: string; example: string }[] = [
  { riddle: /\b(is|are) (so )?no more\b/, instead: 'no longer', example: 'What ordered it is so no more.' },
  { riddle: /\bno(body|thing) but\b/i, instead: 'only', example: 'Nobody but a human may go on.' },
  { riddle: /\bis none\b|\bnone is\b/, instead: 'not', example: 'A Service is needed and there is none.' },
  {
    riddle: /(?<!there )\bis no (?!longer\b)\w/i,
    instead: 'is not a',
    example: '"traefic" is no provider; use one of these.',
  },
  { riddle: /\bhas not one\b/i, instead: 'needs', example: 'It has not one of exact and regex.' },
  { riddle: /\b(some|no)body\b/i, instead: 'someone, no one', example: 'Somebody changed the weight.' },
  { riddle: /\bwho(m|ever)\b/i, instead: 'the user who', example: 'Stop whoever changes the weight.' },
  { riddle: /\banew\b/i, instead: 'again', example: 'The step begins anew with the next window.' },
  { riddle: /\bmend(s|ed)?\b/i, instead: 'correct, fix', example: 'Correct or mend the route first.' },
  { riddle: /\bmid-release\b/i, instead: 'during a release', example: 'It was deleted in mid-release.' },
  {
    riddle: /\bis let\b|\blets? (the|a|its|this) (release|step|pause) go on\b/i,
    instead: 'rolls out, resumes',
    example: 'The template is let roll out.',
  },
  {
    riddle: /\bturned? (\w+ )*down\b/i,
    instead: 'rejected',
    example: 'Release web-2 turned this template down.',
  },
  { riddle: /\bout of force\b/i, instead: 'ignored', example: 'It puts the route out of force.' },
  { riddle: /\bbecomes of\b/i, instead: 'happens to', example: 'Say what becomes of these clients.' },
  { riddle: /\bas many as it may\b/i, instead: 'the maximum', example: 'It has 16, as many as it may.' },
  { riddle: /\bshared out\b/i, instead: 'split', example: 'Requests are not shared out one by one.' },
];

/** A text with fewer words is a name or a key. */
const SENTENCE = 4;

const textOf = (node: ts.Node): string | undefined => {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…');
};

/** The texts of a file that may be sentences, wherever they are. */
function sentencesIn(path: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined && text.trim().split(/\s+/).length >= SENTENCE) found.push(text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return found;
}

const linesOf = (path: string): string[] => readFileSync(join(ROOT, path), 'utf8').split('\n');

const riddlesIn = (text: string): string[] =>
  RIDDLES.flatMap(({ riddle, instead }) => {
    const hit = riddle.exec(text)?.[0];
    return hit === undefined ? [] : [`"${hit}", better: ${instead}`];
  });

describe('a sentence for users', () => {
  it('is understood at the first reading', () => {
    const sentences = SOURCES.flatMap((path) =>
      sentencesIn(path, readFileSync(join(ROOT, path), 'utf8')).map((text) => ({ path, text })),
    );
    expect(sentences.length).toBeGreaterThan(1500);
    expect(
      sentences.flatMap(({ path, text }) => riddlesIn(text).map((why) => `${path}: ${text}: ${why}`)),
    ).toEqual([]);
  });

  it('is understood at the first reading on a page too', () => {
    expect(PAGES.length).toBeGreaterThan(30);
    expect(
      PAGES.flatMap((path) =>
        linesOf(path).flatMap((line, i) => riddlesIn(line).map((why) => `${path}:${i + 1}: ${why}`)),
      ),
    ).toEqual([]);
  });

  it.each(RIDDLES)('$example', ({ example, riddle }) => {
    const source = `export const said = (name: string) => [\`\${name}: ${example}\`, { why: '${example}' }];`;
    expect(sentencesIn('said.ts', source).filter((text) => riddle.test(text))).toHaveLength(2);
    expect(riddlesIn(example)).not.toEqual([]);
  });
});
