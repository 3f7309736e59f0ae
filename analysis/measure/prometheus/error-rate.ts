import type { Counts, Measurement, Window } from '../../../api/analysis.ts';
import type { Arm } from '../../../api/query.ts';
import type { ErrorRateQueries } from '../../../api/kinds/template/preset.ts';
import type { Series } from './answer.ts';
import type { Samples } from './arms.ts';
import { ARMS, askCounter, fallenSentence, missingRequests } from './arms.ts';
import { clamped, errorRateOf } from '../error-rate.ts';
import type { Arms } from '../source.ts';
import { increase, risesAfterFall } from './deltas.ts';
import type { Job } from '../job.ts';
import { stableHistory } from './history.ts';
import { bad, failed } from '../job.ts';
import { bytesPerMs } from './lookback.ts';
import { complete, podNames, podOf } from './pods.ts';
import type { PrometheusClient } from './client.ts';
import { sightings } from './sightings.ts';

const PARTS = ['bad', 'total'] as const;
type Part = (typeof PARTS)[number];

interface Asked extends Samples {
  arm: Arm;
  part: Part;
}

/** Counts of bad and of all requests in both arms over the same window. */
export async function measureErrorRate(
  job: Job,
  queries: Arms<ErrorRateQueries>,
  client: PrometheusClient,
): Promise<Measurement> {
  const wanted = ARMS.flatMap((arm) =>
    PARTS.map((part) => ({ arm, part, text: queries[job.arms[arm]][part] })),
  );
  const answers = await Promise.all(wanted.map((query) => askPart(job, query, client)));
  for (const answer of answers) if ('failure' in answer) return answer.failure;
  const asked = answers.filter((answer) => 'series' in answer);
  const histogram = asked.map((query) => notCounters(query, job)).find((sentence) => sentence !== undefined);
  if (histogram !== undefined) return bad(job, 'badQuery', histogram);
  for (const arm of ARMS) {
    const gap = missingTotal(asked, arm, job);
    if (gap !== undefined) return bad(job, 'noData', gap);
  }
  const doubt = asked.map((query) => fallenSum(query, job)).find((sentence) => sentence !== undefined);
  if (doubt !== undefined) return bad(job, 'noData', doubt);
  const all = asked.flatMap(({ series }) => series);
  const seen = await sightings(all, job.window, client);
  if ('ok' in seen) return failed(job, seen);
  const options = { window: job.window, seen };
  const canary = countArm(asked, 'canary', options);
  const stable = countArm(asked, 'stable', options);
  const pods = countPods(job, asked, options);
  const ofStable = asked.filter(({ arm }) => arm === 'stable');
  const wantedHistory = {
    client,
    byPod: pods !== undefined,
    bytesPerMs: sum(ofStable.map((samples) => bytesPerMs(samples, job.window))),
  };
  const history = job.calibrate ? await stableHistory(job, queries.stable, wantedHistory) : undefined;
  return errorRateOf(job, {
    canary,
    stable,
    ...(pods === undefined ? {} : { pods }),
    ...(history === undefined ? {} : { history }),
  });
}

async function askPart(
  job: Job,
  { arm, part, text }: { arm: Arm; part: Part; text: string },
  client: PrometheusClient,
): Promise<Asked | { failure: Measurement }> {
  const query = { arm, text, what: `${job.arms[arm]} ${part}` };
  const answer = await askCounter(job, part === 'bad' ? { ...query, mayBeEmpty: true } : query, client);
  return 'failure' in answer ? answer : { ...answer, arm, part };
}

function missingTotal(asked: readonly Asked[], arm: Arm, { arms, window }: Job): string | undefined {
  const series = asked.find((query) => query.arm === arm && query.part === 'total')?.series ?? [];
  return missingRequests({ arm: arms[arm], what: 'all requests' }, series, window);
}

function fallenSum({ arm, part, raw, series }: Asked, { arms, window }: Job): string | undefined {
  if (raw || !series.some((one) => risesAfterFall(one, window))) return undefined;
  return fallenSentence(`${arms[arm]} ${part}`);
}

/** Why the series are not counters: counters are numbers, not histograms. */
function notCounters({ arm, part, series }: Asked, { arms }: Job): string | undefined {
  if (series.every(({ histograms }) => histograms === undefined)) return undefined;
  return `${arms[arm]} ${part}: the query returns native histograms, which cannot be counted; use histogram_count(…)`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

interface Options {
  window: Window;
  seen: ReadonlyMap<string, number>;
}

function countArm(
  asked: readonly Asked[],
  arm: Arm,
  options: Options,
  of: (series: Series) => boolean = () => true,
): Counts {
  const count = (part: Part): number =>
    sum(
      asked
        .filter((query) => query.arm === arm && query.part === part)
        .flatMap(({ series, raw }) => series.filter(of).map((one) => increase(one, { ...options, raw }))),
    );
  return { bad: count('bad'), total: count('total') };
}

/**
 * Counts of every pod of both arms; `undefined` if the series do not say which pod they are of. A gateway's own pods are
 * not pods of the arm.
 */
function countPods(
  job: Job,
  asked: readonly Asked[],
  options: Options,
): { canary: Record<string, Counts>; stable: Record<string, Counts> } | undefined {
  const ofArm = (arm: Arm): Record<string, Counts> | undefined => {
    const names = podNames(job, arm);
    const pods = Object.fromEntries(
      names.map((pod) => {
        const counts = countArm(asked, arm, options, (series) => podOf(series) === pod);
        return [pod, clamped(counts)] as const;
      }),
    );
    const totals = Object.values(pods).map(({ total }) => total);
    return complete(totals, countArm(asked, arm, options).total) ? pods : undefined;
  };
  const canary = ofArm('canary');
  const stable = canary && ofArm('stable');
  return canary && stable && { canary, stable };
}
