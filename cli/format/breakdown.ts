import { count, evidence, percent } from '../../analysis/judge/core/text.ts';
import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import { isTerminal } from '../../api/conditions.ts';
import type { Breakdown, BreakdownValue } from '../../api/kinds/release/breakdown.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { Line } from './line.ts';
import { metricsIn } from './queries.ts';
import { formatTable } from './table.ts';

/** Which values of a label explain the failure of a metric, as the Release tells it. */
export function explained(release: Release): Line[] {
  const { status, spec } = release;
  if (status?.breakdown !== undefined) return status.breakdown.flatMap(table);
  const failed = status?.withdrawal !== undefined && status.verdict?.result === 'fail';
  const asks = spec.analysis
    .flatMap(metricsIn)
    .some((metric) => kindOfMetric(metric).brokenDown?.(metric) !== undefined);
  if (!failed || !asks) return [];
  return [
    isTerminal(status.phase)
      ? 'not known: the release ended before the counts of each value had arrived'
      : 'being counted',
  ];
}

/** The sentence, then a line for each value: those that explain the failure first. */
function table({ metric, by, sentence, rateOf, compared, values }: Breakdown): Line[] {
  const title = { text: `${metric} by ${by}: ${sentence}`, hanging: 2 };
  if (values.length === 0) return [title];
  const rows = formatTable([by, 'canary', 'stable', 'evidence', ''], values.map(row));
  const of = rateOf === 'Version' ? ['  shares of all requests of each version'] : [];
  const rest = compared - values.filter(({ evidence: known }) => known !== undefined).length;
  const more = rest > 0 ? [`  and ${rest} more with less evidence`] : [];
  return [title, ...of, ...rows.map((whole) => ({ whole: `  ${whole}`.trimEnd() })), ...more];
}

function row(value: BreakdownValue): string[] {
  const { canaryErrors, canaryRequests, stableErrors, stableRequests } = value;
  return [
    value.value === '' ? '(none)' : value.value,
    rate(canaryErrors, canaryRequests),
    rate(stableErrors, stableRequests),
    value.evidence === undefined ? 'not comparable' : evidence(Math.log(value.evidence)),
    value.explains ? 'explains it' : '',
  ];
}

const rate = (bad: number, total: number): string =>
  `${total > 0 ? percent(bad / total) : 'none'} (${count(bad)}/${count(total)})`;
