import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { ROOT } from './root.ts';

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'examples/README.md',
];
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

/** The anchor of a heading, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchors = (page: string) => all(read(page), /^#+ (.+)$/gm).map(anchorOf);

/** Links to files that do not exist, or to headings that are not in them. */
function deadLinks(page: string): string[] {
  const links = all(read(page), /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(resolve(ROOT, file))) return true;
    return anchor !== undefined && !(statSync(join(ROOT, file)).isFile() && anchors(file).includes(anchor));
  });
}

const apiVersionOf = ({ apiVersion }: JsonObject): string =>
  typeof apiVersion === 'string' ? apiVersion : '';

/** The parser's complaints about the policies and templates that a page shows. */
function refusedExamples(page: string): string[] {
  const blocks = all(read(page), /^```yaml\n([^]*?)^```/gm);
  return blocks
    .flatMap((block) => parseAllDocuments(block))
    .flatMap((document) => {
      const object: unknown = document.toJS();
      // Argo Rollouts has a kind AnalysisTemplate too
      if (!isObject(object) || !/^(sluice\.dev\/.*)?$/.test(apiVersionOf(object))) return [];
      const kind = object['kind'] ?? (page === 'docs/release-policy.md' ? 'ReleasePolicy' : undefined);
      const result =
        kind === 'ReleasePolicy'
          ? parsePolicy(object['spec'])
          : kind === 'AnalysisTemplate'
            ? parseTemplate(object['spec'])
            : undefined;
      return result?.ok === false ? result.issues.map(({ path, message }) => `${path} ${message}`) : [];
    });
}

describe.each(PAGES)('%s', (page) => {
  it('links to what is there', () => {
    expect(deadLinks(page)).toEqual([]);
  });

  it('shows policies and templates that are taken', () => {
    expect(refusedExamples(page)).toEqual([]);
  });
});
