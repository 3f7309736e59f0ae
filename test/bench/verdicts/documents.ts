import { readFileSync, writeFileSync } from 'node:fs';
import { pictures } from './pictures.ts';
import type { Report } from './report.ts';
import { regions } from './report.ts';

/** Parts of documents that the benchmark writes: the text between a marker with a name and its end. */

/**
 * The document with each named region replaced. Throws if the document has no place for a region, or a place
 * without a region: in both cases a table was forgotten.
 */
export function fill(document: string, regions: Readonly<Record<string, string>>): string {
  const filled = new Set<string>();
  const result = document.replaceAll(REGION, (_, name: string) => {
    const content = regions[name];
    if (content === undefined) throw new Error(`the document has a region "${name}" that nobody fills`);
    filled.add(name);
    return `${begin(name)}\n\n${content}\n\n${end(name)}`;
  });
  const missing = Object.keys(regions).find((name) => !filled.has(name));
  if (missing !== undefined)
    throw new Error(`the document has no region "${missing}"; add ${begin(missing)} and ${end(missing)}`);
  return result;
}

const REGION = /<!-- bench:verdicts (\S+) -->[\s\S]*?<!-- \/bench:verdicts \1 -->/g;
const begin = (name: string): string => `<!-- bench:verdicts ${name} -->`;
const end = (name: string): string => `<!-- /bench:verdicts ${name} -->`;

const DOCS = new URL('../../../docs/', import.meta.url);

/** The regions of each document. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'verdicts.md': [
    'run',
    'checks',
    'families',
    'false-alarms',
    'detection',
    'loads',
    'climbs',
    'margins',
    'latency',
    'late',
    'one-of',
    'sick',
    'few',
    'slow-start',
    'sticky',
    'quiet',
    'several',
    'bimodal',
  ],
  'statistics.md': ['summary', 'loads', 'climbs', 'margins'],
};

/** Writes the tables, the pictures and the numbers themselves into docs/. */
export function writeDocuments(report: Report): void {
  const all = regions(report);
  for (const [file, names] of Object.entries(PLACES)) {
    const place = new URL(file, DOCS);
    const own = Object.fromEntries(names.map((name) => [name, all[name] ?? '']));
    writeFileSync(place, fill(readFileSync(place, 'utf8'), own));
  }
  for (const [file, picture] of Object.entries(pictures(report.series)))
    writeFileSync(new URL(`img/${file}`, DOCS), picture);
  writeFileSync(new URL('verdicts.json', DOCS), `${JSON.stringify(report, null, 2)}\n`);
}
