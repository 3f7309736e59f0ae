import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Buckets, Form } from './buckets.ts';
import { project, settled, sumOf, totalOf } from './buckets.ts';
import { firstSeen, increase } from './deltas.ts';
import { histogramIncrements } from './histogram-increments.ts';
import { native } from '../../../test/support/measure-objects.ts';
import type { Track } from './readings.ts';
import { readTracks } from './tracks.ts';

/** Requests per bucket between two scrapes; with a restart, the process starts again before them. */
interface Step {
  gapMs: number;
  restart: boolean;
  requests: number[];
}

const LES = [0.1, 0.5, 2, Infinity];

const steps = fc.array(
  fc.record({
    gapMs: fc.integer({ min: 1, max: 60_000 }),
    restart: fc.boolean(),
    requests: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: LES.length, maxLength: LES.length }),
  }),
  { minLength: 1, maxLength: 30 },
);

/** What an exporter shows, scrape by scrape, in both kinds of histogram; the first scrape is at time 0. */
function scraped(all: readonly Step[]): { timeMs: number; counts: number[] }[] {
  let counts = LES.map(() => 5);
  let timeMs = 0;
  const seen = [{ timeMs, counts }];
  for (const step of all) {
    timeMs += step.gapMs;
    counts = step.requests.map((n, i) => n + (step.restart ? 0 : (counts[i] ?? 0)));
    seen.push({ timeMs, counts });
  }
  return seen;
}

function tracksOf(all: readonly Step[], form: Form): Track {
  const samples = scraped(all);
  const labels = { job: 'web', instance: 'a' };
  const series =
    form === 'sparse'
      ? [
          {
            ...native('a', {}),
            histograms: samples.map(({ timeMs, counts }) => ({
              timeMs,
              buckets: counts
                .map((count, i) => ({ left: 2 ** i, right: 2 ** (i + 1), count }))
                .filter(({ count }) => count > 0),
            })),
          },
        ]
      : LES.map((le, i) => ({
          labels: { ...labels, le: le === Infinity ? '+Inf' : String(le) },
          samples: samples.map(({ timeMs, counts }) => ({
            timeMs,
            value: counts.slice(0, i + 1).reduce((sum, count) => sum + count, 0),
          })),
        }));
  const read = readTracks(series);
  if (!read.ok || read.tracks[0] === undefined) throw new Error('not read');
  return read.tracks[0];
}

function inWindow(
  track: Track,
  form: Form,
  [startMs, endMs]: readonly [number, number],
): Buckets | undefined {
  const options = { window: { startMs, endMs }, seen: firstSeen([track]), form, raw: true };
  return sumOf(
    histogramIncrements(track, options).map(({ by }) => by),
    form,
  );
}

/** Consecutive windows over all of the time, cut at these places. */
function windows(all: readonly Step[], cuts: readonly number[]): (readonly [number, number])[] {
  const endMs = all.reduce((sum, { gapMs }) => sum + gapMs, 0);
  const places = [...new Set([0, ...cuts.map((cut) => Math.floor(cut * endMs)), endMs])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((place, i) => [places[i] ?? 0, place] as const);
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 });

describe.each(['dense', 'sparse'] as const)('%s histograms', (form) => {
  test('consecutive windows add up to the whole, wherever they are cut', () => {
    fc.assert(
      fc.property(steps, cuts, (all, places) => {
        const track = tracksOf(all, form);
        const endMs = track.samples.at(-1)?.timeMs ?? 0;
        const whole = inWindow(track, form, [0, endMs]);
        const parts = windows(all, places).map((window) => inWindow(track, form, window));
        const sum = sumOf(
          parts.filter((part) => part !== undefined),
          form,
        );
        expect(sum === undefined ? 0 : totalOf(sum)).toBe(whole === undefined ? 0 : totalOf(whole));
        if (sum !== undefined && whole !== undefined) {
          const bounds = form === 'dense' ? whole.bounds : sum.bounds.filter((b) => whole.bounds.includes(b));
          expect(project(sum, bounds)).toEqual(project(whole, bounds));
        }
      }),
    );
  });

  test('without restarts every request counts in its bucket; with them none is negative and none invented', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const track = tracksOf(all, form);
        const counted = inWindow(track, form, [0, track.samples.at(-1)?.timeMs ?? 0]);
        const requests = LES.map((_, i) => all.reduce((sum, step) => sum + (step.requests[i] ?? 0), 0));
        const total = requests.reduce((sum, n) => sum + n, 0);
        if (counted === undefined) return total === 0;
        const whole = settled(counted);
        expect(whole.counts.every((count) => count >= 0)).toBe(true);
        expect(totalOf(whole)).toBeLessThanOrEqual(total);
        if (all.some(({ restart }) => restart)) return true;
        expect(whole.counts.filter((count) => count > 0)).toEqual(requests.filter((count) => count > 0));
        return true;
      }),
    );
  });
});

test('increases of a counter over consecutive windows add up, wherever they are cut', () => {
  fc.assert(
    fc.property(steps, cuts, (all, places) => {
      const samples = scraped(all).map(({ timeMs, counts }) => ({ timeMs, value: counts[0] ?? 0 }));
      const series = { labels: {}, samples };
      const count = ([startMs, endMs]: readonly [number, number]): number =>
        increase(series, { window: { startMs, endMs }, seen: firstSeen([series]), raw: true });
      const parts = windows(all, places).map(count);
      expect(parts.every((part) => part >= 0)).toBe(true);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(count([0, samples.at(-1)?.timeMs ?? 0]));
    }),
  );
});

test('a settled histogram has the total it had, and nothing negative', () => {
  const any = fc.array(fc.integer({ min: -50, max: 1000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(any, (counts) => {
      const bounds = counts.slice(1).map((_, i) => i + 1);
      const { counts: whole } = settled({ bounds, counts });
      const total = Math.max(0, totalOf({ bounds, counts }));
      expect(whole.every((count) => count >= 0)).toBe(true);
      expect(totalOf({ bounds, counts: whole })).toBe(total);
    }),
  );
});
