import type { Measurement } from '../../../api/analysis.ts';
import { noCount } from '../../../lib/count.ts';
import { ARMS, askCounter, fallenSentence, missingRequests, type Samples } from './arms.ts';
import { hasSampleInside, increase, risesAfterFall } from './deltas.ts';
import type { Job } from '../job.ts';
import { bad, failed, nameOf } from '../job.ts';
import { podNames, podOf } from './pods.ts';
import type { Arms } from '../source.ts';
import type { PrometheusClient } from './client.ts';
import { sightings } from './sightings.ts';

/**
 * How many requests each arm got. Where something in front of the pods counts, an arm without series got no requests.
 * Where the pods count themselves, a missing series may also be a pod that is not scraped, so there have to be samples of
 * every pod.
 */
export async function measureShare(
  job: Job,
  queries: Arms<string>,
  client: PrometheusClient,
): Promise<Measurement> {
  const [canary, stable] = await Promise.all(
    ARMS.map((arm) => askCounter(job, { arm, text: queries[arm], what: `${arm} requests` }, client)),
  );
  if (canary === undefined || stable === undefined) throw new Error('two arms have two answers');
  if ('failure' in canary) return canary.failure;
  if ('failure' in stable) return stable.failure;
  const gap = unknown(job, canary, stable);
  if (gap !== undefined) return bad(job, 'noData', gap);
  const doubt = ARMS.find((_, i) => fellAndRose([canary, stable][i], job.window));
  if (doubt !== undefined) return bad(job, 'noData', fallenSentence(`${doubt} requests`));
  const seen = await sightings([...canary.series, ...stable.series], job.window, client);
  if ('ok' in seen) return failed(job, seen);
  const count = ({ series, raw }: Samples) =>
    series.reduce((sum, one) => sum + increase(one, { window: job.window, seen, raw }), 0);
  const counts = { canary: count(canary), stable: count(stable) };
  const wrong = ARMS.map((arm) => noCount(`the requests of ${nameOf(arm)}`, counts[arm])).find(
    (sentence) => sentence !== undefined,
  );
  if (wrong !== undefined) return bad(job, 'nan', wrong);
  return { metric: job.key, window: job.window, outcome: 'ok', kind: 'share', ...counts };
}

/** Only sums can do this; queries of a template may be sums. */
const fellAndRose = (samples: Samples | undefined, window: Job['window']): boolean =>
  samples?.raw === false && samples.series.some((one) => risesAfterFall(one, window));

/** Why the counts may not include all requests; undefined: they do. */
function unknown(job: Job, canary: Samples, stable: Samples): string | undefined {
  const { window } = job;
  const gap = missingRequests({ arm: 'stable', what: 'requests' }, stable.series, window);
  if (gap !== undefined) return gap;
  const pods = ARMS.flatMap((arm) => podNames(job, arm));
  const all = [...canary.series, ...stable.series];
  if (all.some((series) => pods.includes(podOf(series) ?? ''))) {
    const silent = pods.filter(
      (pod) =>
        !hasSampleInside(
          all.filter((series) => podOf(series) === pod),
          window,
        ),
    );
    return silent.length === 0
      ? undefined
      : `${silent.length} of ${pods.length} pods, which count their own requests, reported nothing in this window`;
  }
  return canary.series.length === 0
    ? undefined
    : missingRequests({ arm: 'canary', what: 'requests' }, canary.series, window);
}
