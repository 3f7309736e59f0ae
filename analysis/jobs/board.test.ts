import { beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../api/analysis.ts';
import type { MeasureJob } from '../../api/measuring.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import { DEADLINE_MS, MeasurementBoard } from './board.ts';

const KEY = 'team/shop';
const window = { startMs: 1_000, endMs: 2_000 };
const next = { startMs: 2_000, endMs: 3_000 };
const job = (overrides: Partial<MeasureJob> = {}, key = KEY): MeasureJob => ({
  key: { namespace: key.split('/')[0] ?? '', name: key.split('/')[1] ?? '' },
  release: 'shop-2',
  step: 0,
  window,
  templates: [{ use: { template: 'http', args: {} }, template: defaultTemplate() }],
  variables: {},
  ...overrides,
});
const measurement: Measurement = { metric: 'errors', window, outcome: 'noData', sentence: 'no data' };

interface Started {
  job: MeasureJob;
  finish: (measurements: Measurement[]) => void;
  fail: (error: Error) => void;
}

let clock: VirtualClock;
let started: Started[];
let told: string[];
let waits: string[];
let bugs: string[];
let board: MeasurementBoard;

beforeEach(() => {
  clock = new VirtualClock();
  started = [];
  told = [];
  waits = [];
  bugs = [];
  board = new MeasurementBoard({
    measure: (each) =>
      new Promise((resolve, reject) => started.push({ job: each, finish: resolve, fail: reject })),
    onResult: (key) => told.push(key),
    onBug: (error, key) => bugs.push(`${key} ${String(error)}`),
    onWait: (namespace, ms) => waits.push(`${namespace} ${ms}`),
    now: () => clock.now(),
    after: (ms, fn) => clock.after(ms, fn),
  });
});

const names = (): string[] => started.map(({ job: { key } }) => `${key.namespace}/${key.name}`);

async function finish(at: number, measurements: Measurement[] = []): Promise<void> {
  started[at]?.finish(measurements);
  await settle();
}

describe('the board of measurements', () => {
  it('shows a job under way, then its result, and tells the target', async () => {
    board.submit(job());
    expect([board.measuring(KEY), board.measured(KEY)]).toEqual([true, undefined]);
    await finish(0, [measurement]);
    expect(board.measuring(KEY)).toBe(false);
    expect(board.measured(KEY)).toEqual({ release: 'shop-2', step: 0, window, measurements: [measurement] });
    expect(told).toEqual([KEY]);
    expect(clock.pending).toBe(0);
  });

  it('asks the same question once, however often it is submitted', () => {
    board.submit(job());
    board.submit(job({ window: { ...window } }));
    expect(started).toHaveLength(1);
  });

  it.each([
    { title: 'another release', change: { release: 'shop-3' } },
    { title: 'another step', change: { step: 1 } },
    { title: 'another window', change: { window: next } },
  ])(
    'a job of $title takes the place of the one under way, whose outcome counts for nothing',
    async ({ change }) => {
      board.submit(job());
      board.submit(job(change));
      await finish(0, [measurement]);
      expect([board.measuring(KEY), board.measured(KEY)]).toEqual([true, undefined]);
      await finish(1);
      expect(board.measured(KEY)).toMatchObject(change);
      expect(told).toEqual([KEY]);
    },
  );

  it('keeps the last result while the next window is measured', async () => {
    board.submit(job());
    await finish(0);
    board.submit(job({ window: next }));
    expect([board.measuring(KEY), board.measured(KEY)?.window]).toEqual([true, window]);
  });

  it('forgets a target that is gone', async () => {
    board.submit(job());
    await finish(0);
    board.submit(job({ step: 1 }));
    board.forget(KEY);
    await finish(1);
    expect([board.measuring(KEY), board.measured(KEY), told]).toEqual([false, undefined, [KEY]]);
    expect(clock.pending).toBe(0);
  });

  it('lets a namespace wait for its own jobs and for no others', async () => {
    for (let i = 0; i < 20; i++) board.submit(job({}, `noisy/${i}`));
    board.submit(job({}, 'quiet/1'));
    expect(names().filter((name) => name.startsWith('noisy'))).toHaveLength(8);
    expect(names().at(-1)).toBe('quiet/1');
    await clock.advance(500);
    await finish(0);
    expect(names().at(-1)).toBe('noisy/8');
    expect([waits.at(-2), waits.at(-1)]).toEqual(['quiet 0', 'noisy 500']);
  });

  it('measures the newest job of a target when its turn comes', async () => {
    for (let i = 0; i < 9; i++) board.submit(job({}, `team/${i}`));
    board.submit(job({ window: next }, 'team/8'));
    await finish(0);
    await finish(1);
    expect(started.slice(8).map((each) => each.job.window)).toEqual([next]);
  });

  it('says that there are no data once a job takes too long, and leaves its later outcome aside', async () => {
    for (let i = 0; i < 9; i++) board.submit(job({}, `team/${i}`));
    await clock.advance(DEADLINE_MS);
    // measured or still waiting for its turn
    for (const key of ['team/0', 'team/8'] as const) {
      expect(board.measuring(key)).toBe(false);
      expect(board.measured(key)?.measurements).toMatchObject([{ metric: 'error-rate', outcome: 'timeout' }]);
    }
    await finish(0, [measurement]);
    expect(board.measured('team/0')?.measurements).toMatchObject([{ outcome: 'timeout' }]);
    expect(started).toHaveLength(8);
  });

  it('turns a measurement that breaks into outcomes that never pass', async () => {
    board.submit(job());
    started[0]?.fail(new Error('boom'));
    await settle();
    expect(board.measured(KEY)?.measurements).toMatchObject([
      { metric: 'error-rate', outcome: 'serverError' },
    ]);
    expect(bugs).toEqual(['team/shop Error: boom']);
  });

  it('stops when running jobs have ended, and tells of none of them', async () => {
    for (let i = 0; i < 9; i++) board.submit(job({}, `team/${i}`));
    const stopped = board.stop();
    for (const each of started) each.finish([]);
    await stopped;
    board.submit(job({}, 'team/late'));
    expect([started.length, told, clock.pending]).toEqual([8, [], 0]);
  });
});
