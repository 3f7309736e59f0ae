import type { Histogram, Measurement, Window } from '../../../api/analysis.ts';
import type { Arm } from '../../../api/query.ts';
import type { LatencyQueries } from '../../../api/kinds/template/preset.ts';
import { askCounter, fallenSentence, missingRequests } from './arms.ts';
import type { Buckets } from './buckets.ts';
import { commonBounds, compacted, project, settled, sumOf, toHistogram, totalOf } from './buckets.ts';
import type { FirstSeen } from './deltas.ts';
import { histogramIncrements, histogramRisesAfterFall } from './histogram-increments.ts';
import type { Job } from '../job.ts';
import { bad, failed } from '../job.ts';
import type { Arms } from '../source.ts';
import { latencyHistory } from './latency-history.ts';
import { bytesPerMs } from './lookback.ts';
import { complete, podNames, podOf } from './pods.ts';
import type { PrometheusClient } from './client.ts';
import { sightings } from './sightings.ts';
import type { Track, Tracks } from './readings.ts';
import { readTracks } from './tracks.ts';

interface Asked extends Tracks {
  raw: boolean;
  bytesPerMs: number;
}

/** Histograms of how long requests took in both arms over the same window, between the same bounds. */
export async function measureLatency(
  job: Job,
  queries: Arms<LatencyQueries>,
  client: PrometheusClient,
): Promise<Measurement> {
  const [canary, stable] = await Promise.all([
    askArm(job, { arm: 'canary', text: queries[job.arms.canary].buckets }, client),
    askArm(job, { arm: 'stable', text: queries.stable.buckets }, client),
  ]);
  if ('failure' in canary) return canary.failure;
  if ('failure' in stable) return stable.failure;
  if (canary.form !== stable.form) return bad(job, 'badQuery', MIXED);
  const seen = await sightings([...canary.tracks, ...stable.tracks], job.window, client);
  if ('ok' in seen) return failed(job, seen);
  const counted = {
    canary: count(canary, job.window, seen),
    stable: count(stable, job.window, seen),
  };
  const bounds = sharedBounds(counted, canary.form);
  if (bounds === undefined) return bad(job, 'badQuery', NOTHING_SHARED);
  const layout = canary.layout === 'native' && stable.layout === 'native' ? 'native' : 'classic';
  const pods = podHistograms(job, counted, { bounds, layout });
  const { form, bytesPerMs: size } = stable;
  const wanted = { client, byPod: pods !== undefined, bytesPerMs: size, form, layout, bounds } as const;
  const history = job.calibrate ? await latencyHistory(job, queries.stable, wanted) : undefined;
  return {
    metric: job.key,
    window: job.window,
    outcome: 'ok',
    kind: 'histograms',
    canary: histogramOf(counted.canary, { bounds, layout }),
    stable: histogramOf(counted.stable, { bounds, layout }),
    ...(pods === undefined ? {} : { pods }),
    ...(history === undefined ? {} : { history }),
  };
}

const MIXED =
  'one arm has native histograms and the other classic ones, which cannot be compared; let both queries return the same kind';
const NOTHING_SHARED =
  'the histograms have no bucket bound in common, so they cannot be added up or compared; give all pods of both versions the same buckets';

async function askArm(
  job: Job,
  { arm, text }: { arm: Arm; text: string },
  client: PrometheusClient,
): Promise<Asked | { failure: Measurement }> {
  const name = job.arms[arm];
  const what = `${name} buckets`;
  const answer = await askCounter(job, { arm, text, what }, client);
  if ('failure' in answer) return answer;
  const { raw, series } = answer;
  const read = readTracks(series);
  if (!read.ok) return { failure: bad(job, read.outcome, `${what}: ${read.sentence}`) };
  const gap = missingRequests({ arm: name, what: 'buckets' }, read.tracks, job.window);
  if (gap !== undefined) return { failure: bad(job, 'noData', gap) };
  if (!raw && read.tracks.some((track) => histogramRisesAfterFall(track, job.window, read.form))) {
    return { failure: bad(job, 'noData', fallenSentence(what)) };
  }
  return { ...read, raw, bytesPerMs: bytesPerMs(answer, job.window) };
}

/** What one track counted in the window. */
interface Counted {
  track: Track;
  /** one for each scrape that added something */
  steps: Buckets[];
  /** the last reading in the window; pods that are gone have none */
  current: Buckets | undefined;
}

function count({ tracks, form, raw }: Asked, window: Window, seen: FirstSeen): Counted[] {
  return tracks.map((track) => ({
    track,
    steps: histogramIncrements(track, { window, seen, form, raw }).map(({ by }) => by),
    current: track.samples.findLast(({ timeMs }) => timeMs > window.startMs && timeMs <= window.endMs)
      ?.buckets,
  }));
}

/**
 * Both arms are cut at the same bounds, so that interpolation inside a bucket has the same error in both. `undefined` if
 * no bound is left to tell fast requests from slow ones.
 */
function sharedBounds(
  { canary, stable }: Arms<Counted[]>,
  form: Tracks['form'],
): readonly number[] | undefined {
  const all = [...canary, ...stable];
  const steps = all.flatMap((each) => each.steps);
  // classic histograms show all their buckets, however few requests there were
  const layouts = form === 'dense' ? all.flatMap(({ current }) => current ?? []) : [];
  const bounds = commonBounds([...layouts, ...steps], form);
  const some = form === 'dense' || steps.some((step) => step.bounds.length > 0);
  return bounds.length === 0 && some ? undefined : bounds;
}

interface Cut {
  bounds: readonly number[];
  layout: Histogram['layout'];
}

function histogramOf(counted: readonly Counted[], { bounds, layout }: Cut): Histogram {
  const empty: Buckets = { bounds, counts: new Array<number>(bounds.length + 1).fill(0) };
  const parts = counted.flatMap(({ steps }) =>
    steps.map((step) => ({ bounds, counts: project(step, bounds) })),
  );
  const sum = settled(sumOf([empty, ...parts], 'dense') ?? empty);
  return toHistogram(layout === 'native' ? compacted(sum) : sum, layout);
}

/** Histograms of every pod of both arms; `undefined` if the series do not say which pod they are of. */
function podHistograms(
  job: Job,
  counted: Arms<Counted[]>,
  cut: Cut,
): Arms<Record<string, Histogram>> | undefined {
  const ofArm = (arm: Arm): Record<string, Histogram> | undefined => {
    const pods = podNames(job, arm).map((pod) => {
      const own = counted[arm].filter(({ track }) => podOf(track) === pod);
      return [pod, histogramOf(own, cut)] as const;
    });
    const whole = totalOf(histogramOf(counted[arm], cut));
    const totals = pods.map(([, histogram]) => totalOf(histogram));
    return complete(totals, whole) ? Object.fromEntries(pods) : undefined;
  };
  const canary = ofArm('canary');
  const stable = canary && ofArm('stable');
  return canary && stable && { canary, stable };
}
