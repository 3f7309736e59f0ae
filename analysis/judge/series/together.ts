import type { MetricVerdict, Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { Scoring } from '../../../api/kinds/template/scoring.ts';
import type { SeriesMetric } from '../../../api/kinds/template/kinds/series.ts';
import type { Opinion } from '../core/evaluation.ts';
import type { Scored } from '../core/kind.ts';
import { inconclusive } from '../core/missing.ts';
import type { Finding } from './look.ts';
import type { ScoredSeries, SeriesScore } from './score.ts';
import { scoreSeries, scoreVerdict } from './score.ts';
import { isDecided, readSeries } from './state.ts';
import { digits } from '../core/text.ts';

/** A series metric that counts in the score of its template. */
interface Member {
  metric: SeriesMetric;
  opinion: Opinion;
  /** finding of its newest look; undefined before the first */
  last: Finding | undefined;
  decided: boolean;
}

/** What the series metrics of a template with `scoring` say, by Kayenta's score. */
export function judgeTogether(
  scored: readonly Scored<SeriesMetric>[],
  scoring: Scoring,
  { use }: BoundTemplate,
): Opinion {
  const members = scored.map(({ metric, evaluation }): Member => {
    const data = readSeries(evaluation.state);
    return { metric, opinion: evaluation, last: data.last, decided: isDecided(data, metric, true) };
  });
  const score = scoreOf(members, scoring);
  const unread = members.find(({ opinion }) => opinion.unread === true);
  const verdict: MetricVerdict = {
    // names of metrics have no spaces, so this name is free
    metric: `${use.template} score`,
    critical: true,
    dryRun: false,
    ...(unread === undefined || score.result === 'fail' ? score : without(score, unread)),
  };
  return {
    verdict,
    missing: members.some(({ opinion }) => opinion.missing),
    stops: verdict.result === 'fail',
    tolerable: members.every(({ opinion }) => opinion.tolerable === true),
    unread: unread !== undefined,
  };
}

/** If the statistics of one metric cannot be read, the score can only show harm. */
function without({ numbers }: Verdict, { opinion }: Member): Verdict {
  const { metric, reason, sentence } = opinion.verdict;
  return { result: 'inconclusive', reason, sentence: `${metric}: ${sentence}`, numbers };
}

function scoreOf(members: readonly Member[], scoring: Scoring): Verdict {
  const series: ScoredSeries[] = [];
  for (const { metric, last, opinion } of members) {
    if (last === undefined) {
      const { metric: name, sentence } = opinion.verdict;
      return inconclusive(REASON.MoreDataNeeded, `the score waits for ${name}: ${sentence}`);
    }
    series.push({ result: last, groups: groupsOf(metric, members), muted: false });
  }
  return verdictOf(members, scoreSeries(series, scoring.groups), scoring);
}

/** If no metric names a group, all are in one group. */
function groupsOf({ kayenta }: SeriesMetric, members: readonly Member[]): readonly string[] {
  return members.some(({ metric }) => metric.kayenta.groups.length > 0) ? kayenta.groups : ['all'];
}

function verdictOf(members: readonly Member[], score: SeriesScore, scoring: Scoring): Verdict {
  const numbers = {
    score: score.score,
    passScore: scoring.pass,
    marginalScore: scoring.marginal,
    ...Object.fromEntries(score.groups.map((group) => [`score.${group.name}`, group.score])),
  };
  const text = scoreText(members, score, scoring);
  const meaning = scoreVerdict(score.score, scoring);
  if (meaning === 'Fail') return { result: 'fail', reason: REASON.ScoreTooLow, sentence: text, numbers };
  const open = members.find(({ decided }) => !decided);
  if (open !== undefined) {
    const { metric, sentence } = open.opinion.verdict;
    return inconclusive(REASON.MoreDataNeeded, `${text} so far; ${metric}: ${sentence}`, numbers);
  }
  const unclear = members.find(({ last }) => last?.classification === 'Error');
  if (meaning === 'Marginal' || unclear !== undefined) {
    const why =
      unclear === undefined ? '' : `; ${unclear.opinion.verdict.metric}: ${unclear.last?.sentence ?? ''}`;
    return inconclusive(REASON.Inconclusive, text + why, numbers);
  }
  const sentence = `${text}: no harm detected, which is absence of evidence, not proof of safety`;
  return { result: 'pass', reason: REASON.NoHarmDetected, sentence, numbers };
}

/** "score 75 (pass from 95, marginal from 75): latency 50, load 100; p99: canary is higher than stable …" */
function scoreText(members: readonly Member[], score: SeriesScore, { pass, marginal }: Scoring): string {
  const groups = score.groups.map(({ name, score: of }) => `${name} ${digits(of)}`).join(', ');
  const failed = members.filter(({ last }) => last !== undefined && last.classification !== 'Pass');
  const worst = failed.find(({ last }) => last?.critical === true) ?? failed[0];
  const because =
    worst === undefined ? '' : `; ${worst.opinion.verdict.metric}: ${worst.last?.sentence ?? ''}`;
  const zero = score.cause === 'critical' ? ', because a critical metric failed' : '';
  return `score ${digits(score.score)} (pass from ${digits(pass)}, marginal from ${digits(marginal)})${zero}: ${groups}${because}`;
}
