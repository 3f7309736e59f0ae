import type { Reason } from '../../api/reasons.ts';
import { getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { shorten } from '../../lib/text.ts';
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
  /** what the release tries: images that differ from those of stable */
  images: string[];
  phase: string;
  /** empty: not yet known; NotNoticed: no controller looked at the change yet */
  reason: Reason | 'NotNoticed' | '';
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
    reason: Reason;
    sentence: string;
    numbers: Record<string, number>;
  }[];
  startedAt?: string;
  endedAt?: string;
}

const UNNOTICED = {
  reason: 'NotNoticed',
  message: 'No controller has noticed this change yet.',
} as const;

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
    images: imagesOf(spec.canary.template, spec.stable.template),
    ...{ phase, reason, message, step, steps, weight, observedWeight },
    ...(status === undefined ? {} : details(status)),
  };
}

/** A change that no controller has noticed, in the shape of a release. */
export function summarizeUnnoticed({ metadata, spec }: KubeObject): Summary {
  return {
    namespace: metadata.namespace ?? '',
    target: metadata.name,
    release: '',
    images: imagesOf(getObject(spec, 'template') ?? {}),
    ...UNSTARTED,
    ...UNNOTICED,
  };
}

/** Images of a pod template that the other one does not have; all images, if the other one has the same. */
function imagesOf(template: JsonObject, other: JsonObject = {}): string[] {
  const of = (from: JsonObject) =>
    ['initContainers', 'containers']
      .flatMap((list) => getObjects(from, 'spec', list))
      .map((container) => getString(container, 'image') ?? '?');
  const [all, known] = [of(template), new Set(of(other))];
  const changed = all.filter((image) => !known.has(image));
  return [...new Set(changed.length > 0 ? changed : all)];
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

/** The weight of the canary as read back from the route; "?" while it is not known. */
export function formatWeight(status: Pick<ReleaseStatus, 'weight' | 'observedWeight'> | undefined): string {
  if (status === undefined) return '-';
  return status.observedWeight === null ? '?' : `${status.observedWeight}%`;
}

const HEADER = ['TARGET', 'PHASE', 'STEP', 'WEIGHT', 'VERDICT', 'AGE', 'RELEASE', 'REASON', 'IMAGE'];
const SEVERAL = 60;

/** "web:v2, proxy:7", without the registries */
function formatImages(images: readonly string[]): string {
  return shorten(images.map((image) => image.split('/').at(-1) ?? image).join(', '), SEVERAL);
}

/** One line per release, and one for each target with a change that no controller has noticed. */
export function formatReleases(
  releases: readonly Release[],
  options: { paint: Paint; nowMs: number; namespaces: boolean; unnoticed?: readonly KubeObject[] },
): string[] {
  const { paint, nowMs, unnoticed = [] } = options;
  const place = ({ namespace, target }: Summary) => (options.namespaces ? [namespace, target] : [target]);
  const rows = releases.map((release) => {
    const { metadata, status } = release;
    const summary = summarize(release);
    return [
      ...place(summary),
      paintPhase(paint, status?.phase ?? 'Pending'),
      formatStep(status),
      [formatWeight(status), ...formatExtras(release)].join(', '),
      status?.verdict === undefined ? '-' : paintVerdict(paint, status.verdict.result),
      formatAge(metadata.creationTimestamp, nowMs),
      metadata.name,
      status?.reason ?? '',
      formatImages(summary.images),
    ];
  });
  const waiting = unnoticed.map(summarizeUnnoticed).map((summary) => {
    const { reason, images } = summary;
    const cells = [paintPhase(paint, 'Pending'), '-', '-', '-', '-', '-'];
    return [...place(summary), ...cells, paint('yellow', reason), formatImages(images)];
  });
  return formatTable(options.namespaces ? ['NAMESPACE', ...HEADER] : HEADER, [...rows, ...waiting]);
}
