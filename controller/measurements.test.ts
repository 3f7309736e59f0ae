import { beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../api/analysis.ts';
import type { QueueJob } from '../analysis/queue/queue.ts';
import { MeasurementBoard } from './measurements.ts';
import type { MeasureJob } from '../release/model.ts';

const KEY = 'team/shop';
const window = { startMs: 1_000, endMs: 2_000 };
const job = (overrides: Partial<MeasureJob> = {}): MeasureJob => ({
  key: { namespace: 'team', name: 'shop' },
  release: 'shop-2',
  step: 0,
  window,
  templates: [],
  variables: {},
  ...overrides,
});
const measurement: Measurement = { metric: 'errors', window, outcome: 'noData', sentence: 'no data' };

let submitted: QueueJob[];
let cancelled: string[];
let told: string[];
let finish: (job: QueueJob, measurements: Measurement[]) => void;
let board: MeasurementBoard;

beforeEach(() => {
  submitted = [];
  cancelled = [];
  told = [];
  board = new MeasurementBoard(
    (done) => {
      finish = done;
      return {
        submit: (each) => void submitted.push(each),
        cancel: (id) => void cancelled.push(id),
        stop: () => Promise.resolve(),
      };
    },
    (key) => told.push(key),
  );
});

describe('the board of measurements', () => {
  it('shows a job under way, then its result, and tells the target', () => {
    board.submit(job());
    expect([board.measuring(KEY), board.measured(KEY)]).toEqual([true, undefined]);
    finish(submitted[0]!, [measurement]);
    expect(board.measuring(KEY)).toBe(false);
    expect(board.measured(KEY)).toEqual({ release: 'shop-2', step: 0, window, measurements: [measurement] });
    expect(told).toEqual([KEY]);
  });

  it('starts the same window once, however often it is asked', () => {
    board.submit(job());
    board.submit(job({ window: { ...window } }));
    expect(submitted).toHaveLength(1);
  });

  it.each([
    { title: 'another release', change: { release: 'shop-3' } },
    { title: 'another step', change: { step: 1 } },
    { title: 'another window', change: { window: { startMs: 2_000, endMs: 3_000 } } },
  ])('a job of $title takes the place of the one under way', ({ change }) => {
    board.submit(job());
    board.submit(job(change));
    expect(submitted).toHaveLength(2);
    finish(submitted[1]!, []);
    expect(board.measured(KEY)).toMatchObject(change);
  });

  it('keeps the last result while the next window is measured', () => {
    board.submit(job());
    finish(submitted[0]!, []);
    board.submit(job({ window: { startMs: 2_000, endMs: 3_000 } }));
    expect([board.measuring(KEY), board.measured(KEY)?.window]).toEqual([true, window]);
  });

  it('forgets a target that is gone', () => {
    board.submit(job());
    finish(submitted[0]!, []);
    board.submit(job({ step: 1 }));
    board.forget(KEY);
    expect([board.measuring(KEY), board.measured(KEY), cancelled]).toEqual([false, undefined, [KEY]]);
  });
});
