import { curveOf } from '../../analysis/replay/summary.ts';
import { isoMinute } from './record.ts';
import type { BacktestResult } from './result.ts';
import type { Scenario } from './scenarios.ts';

const WIDTH = 860;
const HEIGHT = 420;
const LEFT = 60;
const RIGHT = 220;
const TOP = 50;
const BOTTOM = 50;
const MINUTES = 60;

/**
 * Okabe and Ito's colours, which colour-blind people can tell apart, on light and on dark backgrounds. The first is for
 * the healthy version.
 */
const COLOURS = ['#009e73', '#56b4e9', '#e69f00', '#d55e00', '#cc79a7', '#0072b2', '#f0e442'];

const STYLE = [
  'text { fill: #1d2430; } .ground { fill: #f7f8fa; } .grid { stroke: #d5dae3; }',
  '@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .ground { fill: #161b22; } .grid { stroke: #30363d; } }',
];

/** SVG: the share of the releases rolled back, and of healthy ones promoted (dashed), over the minutes. */
export function plot(result: BacktestResult): string {
  const lines = result.scenarios.map((scenario, i) => ({
    name: scenario.plant.kind === 'none' ? 'healthy, rolled back' : scenario.name,
    path: stairs(scenario, 'rolledBack'),
    stroke: colourOf(i),
    dash: '',
  }));
  const [healthy] = result.scenarios;
  if (healthy !== undefined) {
    const dash = ' stroke-dasharray="6 4"';
    lines.unshift({
      name: 'healthy, promoted',
      path: stairs(healthy, 'promoted'),
      stroke: colourOf(0),
      dash,
    });
  }
  const title = `${result.target}: releases decided, ${isoMinute(result.fromMs)} to ${isoMinute(result.toMs)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="12">`,
    `<style>${STYLE.join(' ')}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="10"/>`,
    `<text x="${LEFT}" y="24" font-size="15">${escaped(title)}</text>`,
    ...axes(),
    ...lines.map(
      ({ path, stroke, dash }) =>
        `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="2"${dash}/>`,
    ),
    ...lines.flatMap(legend),
    '</svg>',
    '',
  ].join('\n');
}

const colourOf = (i: number): string => COLOURS[i % COLOURS.length] ?? '#009e73';

const x = (minute: number): number => LEFT + (minute / MINUTES) * (WIDTH - LEFT - RIGHT);
const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
const at = (value: number): string => String(Math.round(value * 10) / 10);

/** A line that rises wherever a release ends. */
function stairs({ outcomes }: Scenario, end: 'rolledBack' | 'promoted'): string {
  const points = MINUTES * 4;
  const shares = curveOf(outcomes, end, { minutes: MINUTES, points });
  const parts = shares.flatMap((share, i) => {
    const rises = share > (shares[i - 1] ?? 0);
    return rises ? [`H${at(x(((i + 1) * MINUTES) / points))}V${at(y(share))}`] : [];
  });
  return `M${at(x(0))} ${at(y(0))}${parts.join('')}H${at(x(MINUTES))}`;
}

function axes(): string[] {
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<path d="M${LEFT} ${at(y(share))}H${WIDTH - RIGHT}" class="grid"/>`,
    `<text x="${LEFT - 8}" y="${at(y(share) + 4)}" text-anchor="end">${share * 100}%</text>`,
  ]);
  const ticks = [0, 10, 20, 30, 40, 50, 60].map(
    (minute) =>
      `<text x="${at(x(minute))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${minute}</text>`,
  );
  const label = `<text x="${at(x(MINUTES / 2))}" y="${HEIGHT - 12}" text-anchor="middle">minutes since the first window</text>`;
  return [...grid, ...ticks, label];
}

function legend({ name, stroke, dash }: { name: string; stroke: string; dash: string }, i: number): string[] {
  const left = WIDTH - RIGHT + 20;
  const middle = TOP + 10 + i * 22;
  return [
    `<path d="M${left} ${middle}h28" stroke="${stroke}" stroke-width="2"${dash}/>`,
    `<text x="${left + 36}" y="${middle + 4}">${escaped(name)}</text>`,
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
