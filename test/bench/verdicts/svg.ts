/**
 * A small writer of charts: text in, SVG out. The colours of lines can be read on a light and on a dark
 * background.
 */

export interface Point {
  x: number;
  y: number;
}

export interface Axis {
  title: string;
  min: number;
  max: number;
  /** values to write at the axis, with their text */
  ticks: readonly (readonly [value: number, text: string])[];
  log?: boolean;
}

export interface Line {
  title: string;
  colour: Colour;
  points: readonly Point[];
  dashed?: boolean;
}

export const COLOURS = {
  blue: '#3b6fd1',
  orange: '#c98a00',
  red: '#c0392b',
  green: '#3d8b40',
  violet: '#8659b5',
  grey: '#8a94a6',
} as const;
export type Colour = keyof typeof COLOURS;

const WIDTH = 860;
const PLOT = { left: 70, right: 840, top: 64 };

/**
 * A page with title, description for screen readers and its own background, light or dark like the reader's.
 */
export function page(
  title: string,
  description: string,
  { height, body }: { height: number; body: string },
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="13" role="img" aria-labelledby="t d">`,
    `  <title id="t">${escape(title)}</title>`,
    `  <desc id="d">${escape(description)}</desc>`,
    '  <style>',
    '    text { fill: #1d2430; }',
    '    .dim { fill: #5b6577; font-size: 12px; }',
    '    .grid { stroke: #d5dae3; stroke-width: 1; }',
    '    .ground { fill: #f7f8fa; }',
    '    @media (prefers-color-scheme: dark) {',
    '      text { fill: #e6edf3; }',
    '      .dim { fill: #9aa4b2; }',
    '      .grid { stroke: #30363d; }',
    '      .ground { fill: #161b22; }',
    '    }',
    '  </style>',
    `  <rect class="ground" width="${WIDTH}" height="${height}" rx="10"/>`,
    `  ${text({ x: 20, y: 28 }, title, 'font-weight="600" font-size="15"')}`,
    body,
    '</svg>',
    '',
  ].join('\n');
}

export function text({ x, y }: Point, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escape(content)}</text>`;
}

/** Lines over two axes, with a legend above them. */
export function lineChart(
  title: string,
  description: string,
  { x, y, lines }: { x: Axis; y: Axis; lines: readonly Line[] },
): string {
  const bottom = 360;
  const across = scale(x, PLOT.left, PLOT.right);
  const up = scale(y, bottom, PLOT.top);
  const body = [
    ...y.ticks.flatMap(([value, label]) => [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(up(value))}" y2="${round(up(value))}"/>`,
      text({ x: PLOT.left - 8, y: up(value) + 4 }, label, 'text-anchor="end" class="dim"'),
    ]),
    ...x.ticks.map(([value, label]) =>
      text({ x: across(value), y: bottom + 20 }, label, 'text-anchor="middle" class="dim"'),
    ),
    text({ x: PLOT.right, y: bottom + 40 }, titleOf(x), 'text-anchor="end" class="dim"'),
    text({ x: PLOT.left, y: PLOT.top - 12 }, titleOf(y), 'class="dim"'),
    ...lines.map((line) => polyline(line, across, up)),
    legend(
      distinct(lines).map(({ dashed = false, ...line }) => ({ ...line, dashed })),
      bottom + 64,
    ),
  ];
  return page(title, description, { height: bottom + 80, body: body.map((part) => `  ${part}`).join('\n') });
}

const titleOf = ({ title, log }: Axis): string => (log === true ? `${title}, logarithmic` : title);

function polyline({ points, ...line }: Line, across: Scale, up: Scale): string {
  const path = points.map((point) => `${round(across(point.x))},${round(up(point.y))}`).join(' ');
  return `<polyline points="${path}" fill="none" ${stroke(line)}/>`;
}

function stroke({ colour, dashed }: { colour: Colour; dashed?: boolean }): string {
  const dash = dashed === true ? ' stroke-dasharray="6 4"' : '';
  return `stroke="${COLOURS[colour]}" stroke-width="2"${dash}`;
}

/** Several lines may be of one kind; this gives each kind once. */
function distinct(lines: readonly Line[]): Line[] {
  return lines.filter(({ title }, i) => lines.findIndex((other) => other.title === title) === i);
}

/** about the width of a letter, with some room */
const LETTER = 7.2;

interface Entry {
  title: string;
  colour: Colour;
  /** absent: a bar */
  dashed?: boolean;
}

export function legend(entries: readonly Entry[], y: number): string {
  let x = PLOT.left;
  return entries
    .map(({ title, colour, dashed }) => {
      const sample =
        dashed === undefined
          ? `<rect x="${round(x)}" y="${y - 10}" width="12" height="12" fill="${COLOURS[colour]}"/>`
          : `<line x1="${round(x - 6)}" x2="${round(x + 14)}" y1="${y - 4}" y2="${y - 4}" ${stroke({ colour, dashed })}/>`;
      const parts = `${sample}${text({ x: x + 18, y }, title, 'class="dim"')}`;
      x += 40 + title.length * LETTER;
      return parts;
    })
    .join('');
}

export interface Bars {
  title: string;
  colour: Colour;
  /** one for each group, in the order of the groups */
  values: readonly number[];
}

/** Groups of upright bars, each with its value written above. */
export function barChart(
  title: string,
  description: string,
  {
    y,
    groups,
    bars,
    write,
  }: { y: Axis; groups: readonly string[]; bars: readonly Bars[]; write: (value: number) => string },
): string {
  const bottom = 320;
  const up = scale(y, bottom, PLOT.top);
  const wide = (PLOT.right - PLOT.left) / groups.length;
  const bar = (wide * 0.86) / bars.length;
  const body = [
    ...y.ticks.flatMap(([value, label]) => [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(up(value))}" y2="${round(up(value))}"/>`,
      text({ x: PLOT.left - 8, y: up(value) + 4 }, label, 'text-anchor="end" class="dim"'),
    ]),
    text({ x: PLOT.left, y: PLOT.top - 12 }, y.title, 'class="dim"'),
    ...groups.flatMap((group, i) => {
      const left = PLOT.left + i * wide + wide * 0.07;
      const label = text(
        { x: left + (wide * 0.86) / 2, y: bottom + 20 },
        group,
        'text-anchor="middle" class="dim"',
      );
      return [
        label,
        ...bars.map(({ colour, values }, k) =>
          column({ at: left + k * bar, bar, bottom }, { value: values[i] ?? 0, colour, up, write }),
        ),
      ];
    }),
    legend(bars, bottom + 46),
  ];
  return page(title, description, { height: bottom + 64, body: body.map((part) => `  ${part}`).join('\n') });
}

function column(
  { at, bar, bottom }: { at: number; bar: number; bottom: number },
  {
    value,
    colour,
    up,
    write,
  }: { value: number; colour: Colour; up: Scale; write: (value: number) => string },
): string {
  const top = Math.min(up(value), bottom - 1);
  const number = text({ x: at + bar / 2, y: top - 4 }, write(value), 'text-anchor="middle" font-size="9"');
  return `<rect x="${round(at)}" y="${round(top)}" width="${round(bar - 1.5)}" height="${round(bottom - top)}" fill="${COLOURS[colour]}"/>${number}`;
}

type Scale = (value: number) => number;

/** The position of a value between two ends; a value outside is placed at the end. */
export function scale({ min, max, log }: Axis, from: number, to: number): Scale {
  const by = log === true ? Math.log : (value: number) => value;
  return (value) => {
    const share = (by(Math.min(max, Math.max(min, value))) - by(min)) / (by(max) - by(min));
    return from + share * (to - from);
  };
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
