import type { Bar } from './chance.ts';
import type { Result } from './checks.ts';
import type { Estimate, Measure } from './estimate.ts';

/** Rows as text for a terminal, and as Markdown for the documents. */
export type Row = readonly string[];

/** Columns padded to the same width, the first row underlined. */
export function plainTable(rows: readonly Row[]): string {
  const widths = widthsOf(rows);
  const line = (row: Row): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = rows;
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** Markdown with padded columns, as the formatter of this project writes it. */
export function markdownTable(rows: readonly Row[]): string {
  const widths = widthsOf(rows).map((width) => Math.max(3, width));
  const line = (row: Row): string => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

function widthsOf(rows: readonly Row[]): number[] {
  const columns = Math.max(...rows.map(({ length }) => length));
  return Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
}

export function checkRows(results: readonly Result[]): Row[] {
  const head = ['promise', 'case', 'measured', '95% interval', 'bar', 'reference', ''];
  const rows = bySection(results).flatMap((list) =>
    list.map((result, i) => [i === 0 ? result.section : '', result.name, ...numbersOf(result)]),
  );
  return [head, ...rows];
}

function bySection(results: readonly Result[]): Result[][] {
  return [...Map.groupBy(results, ({ section }) => section).values()];
}

/** One check of each section. */
export function summaryRows(results: readonly Result[]): Row[] {
  const head = ['promise', 'bar', 'nearest to it', 'case'];
  return [
    head,
    ...results.map((result) => {
      const [measured = '', , bar = ''] = numbersOf(result);
      return [result.section, bar, measured, result.name];
    }),
  ];
}

const WRITERS: Readonly<Record<Measure, (value: number) => string>> = {
  share: percent,
  proportion: percent,
  minutes: short,
  median: whole,
  most: whole,
};

function numbersOf({ measure, estimate, bar, reference, outcome }: Result): Row {
  const write = WRITERS[measure];
  return [
    write(estimate.value),
    `${write(estimate.low)}–${write(estimate.high)}`,
    barText(bar, write),
    reference ?? '–',
    { ok: 'ok', near: 'within error', over: 'OVER' }[outcome],
  ];
}

function barText(bar: Bar, write: (value: number) => string): string {
  return 'atMost' in bar ? `≤ ${write(bar.atMost)}` : `≥ ${write(bar.atLeast)}`;
}

/** 0.0125 → "1.25%" */
export function percent(value: number): string {
  return `${Number((value * 100).toPrecision(value >= 0.0995 ? 3 : 2))}%`;
}

/** Two digits below ten, one above. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(value < 9.995 ? 2 : 1))) : '–';
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

/** "2.7 min" if all were found, "45 min, 38%" if not, "–" if hardly any was. */
export function detectionCell(found: Estimate, minutes: Estimate): string {
  if (found.value >= 0.995) return `${short(minutes.value)} min`;
  if (found.value < 0.05) return `– (${percent(found.value)})`;
  return `${short(minutes.value)} min (${percent(found.value)})`;
}
