import type { Release, ReleaseStatus } from '../../api/release.ts';
import type { Paint } from '../io.ts';
import { formatAge } from './numbers.ts';
import { paintPhase, paintVerdict } from './phase.ts';
import { formatExtras } from './splitting.ts';
import { formatTable } from './table.ts';

/** A release as `-o json|yaml` shows it: what a script needs, with stable names. */
export interface Summary {
  namespace: string;
  target: string;
  release: string;
  phase: string;
  reason: string;
  message: string;
  step: number;
  steps: number;
  weight: number;
  observedWeight: number | null;
  /** percent of requests that are copied to the canary; absent: 0 */
  observedMirror?: number;
  /** requests that match go to the canary; absent: no */
  observedMatching?: boolean;
  verdict?: ReleaseStatus['verdict'];
  metrics?: {
    metric: string;
    result: string;
    reason: string;
    sentence: string;
    numbers: Record<string, number>;
  }[];
  startedAt?: string;
  endedAt?: string;
}

const UNSTARTED = {
  phase: 'Pending',
  reason: '',
  message: '',
  step: -1,
  steps: 0,
  weight: 0,
  observedWeight: null,
} as const;

export function summarize(release: Release): Summary {
  const { metadata, spec, status } = release;
  const { phase, reason, message, step, steps, weight, observedWeight } = status ?? UNSTARTED;
  return {
    namespace: metadata.namespace ?? '',
    target: spec.target.name,
    release: metadata.name,
    ...{ phase, reason, message, step, steps, weight, observedWeight },
    ...(status === undefined ? {} : details(status)),
  };
}

function details(status: ReleaseStatus): Partial<Summary> {
  const { verdict, analysis, startedAt, endedAt, observedMirror, observedMatching } = status;
  const metrics = analysis?.verdicts.map((item) => ({
    metric: item.metric,
    result: item.result,
    reason: item.reason,
    sentence: item.sentence,
    numbers: item.numbers,
  }));
  return {
    ...(observedMirror === undefined ? {} : { observedMirror }),
    ...(observedMatching === undefined ? {} : { observedMatching }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(metrics === undefined ? {} : { metrics }),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/** "2/3"; "-" before the first step. */
export function formatStep(status: Pick<ReleaseStatus, 'step' | 'steps'> | undefined): string {
  return status === undefined || status.step < 0 || status.steps === 0
    ? '-'
    : `${status.step + 1}/${status.steps}`;
}

/** What is routed to the canary as read back; "?" while nobody can say. */
export function formatWeight(status: Pick<ReleaseStatus, 'weight' | 'observedWeight'> | undefined): string {
  if (status === undefined) return '-';
  return status.observedWeight === null ? '?' : `${status.observedWeight}%`;
}

/** One line per release. */
export function formatReleases(
  releases: readonly Release[],
  options: { paint: Paint; nowMs: number; namespaces: boolean },
): string[] {
  const { paint, nowMs } = options;
  const header = ['TARGET', 'PHASE', 'STEP', 'WEIGHT', 'VERDICT', 'AGE', 'RELEASE', 'REASON'];
  const rows = releases.map((release) => {
    const { metadata, spec, status } = release;
    return [
      ...(options.namespaces ? [metadata.namespace ?? ''] : []),
      spec.target.name,
      paintPhase(paint, status?.phase ?? 'Pending'),
      formatStep(status),
      [formatWeight(status), ...formatExtras(release)].join(', '),
      status?.verdict === undefined ? '-' : paintVerdict(paint, status.verdict.result),
      formatAge(metadata.creationTimestamp, nowMs),
      metadata.name,
      status?.reason ?? '',
    ];
  });
  return formatTable(options.namespaces ? ['NAMESPACE', ...header] : header, rows);
}
