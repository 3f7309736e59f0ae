import { conditionStatuses, isTerminal } from './conditions.ts';
import { FINALIZER } from './names.ts';
import { PHASES } from './kinds/release/status.ts';
import { REASON, isReason } from './reasons.ts';
import type { Release } from './kinds/release/release.ts';
import type { ReleaseStatus } from './kinds/release/status.ts';
import { isNothing, observedSplit, splitText, wantedSplit } from './split.ts';

/** The decision log keeps the first decision and the newest ones. */
export const MAX_DECISIONS = 50;
const MAX_SENTENCE = 1024;

interface Lint {
  id: string;
  /** what is wrong; undefined or empty: nothing is */
  check(status: ReleaseStatus, release: Release): string | undefined;
}

const isPercent = (value: number) => value >= 0 && value <= 100;
const isSentence = (text: string) =>
  text.trim() !== '' && !text.includes('\n') && text.length <= MAX_SENTENCE;

function unknownReason(status: ReleaseStatus): string | undefined {
  const given: string[] = [
    status.reason,
    ...(status.verdict === undefined ? [] : [status.verdict.reason]),
    ...status.decisions.map((decision) => decision.reason),
    ...status.conditions.map((condition) => condition.reason),
  ];
  const unknown = given.find((reason) => !isReason(reason));
  return unknown === undefined ? undefined : `reason "${unknown}" is not a known constant`;
}

function badSentence(status: ReleaseStatus): string | undefined {
  const sentences = [
    status.message,
    ...(status.share === undefined ? [] : [status.share.sentence]),
    ...(status.breakdown ?? []).map((breakdown) => breakdown.sentence),
    ...status.decisions.map((decision) => decision.sentence),
  ];
  const bad = sentences.find((sentence) => !isSentence(sentence));
  return bad === undefined ? undefined : `"${bad.slice(0, 60)}" is not one sentence on one line`;
}

function wrongConditions(status: ReleaseStatus): string | undefined {
  const wanted = conditionStatuses(status.phase, status.trouble?.needsHuman);
  for (const [type, value] of Object.entries(wanted)) {
    const given = status.conditions.find((condition) => condition.type === type)?.status ?? 'absent';
    if (given !== value) return `${type} is ${given} in phase ${status.phase}, want ${value}`;
  }
  const extra = status.conditions.find((condition) => !(condition.type in wanted));
  return extra === undefined ? undefined : `${extra.type} is listed in phase ${status.phase}`;
}

function contradiction(status: ReleaseStatus): string | undefined {
  const types = status.conditions.map((condition) => condition.type);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined) return `condition ${twice} is there twice`;
  const isTrue = (type: string) =>
    status.conditions.some((item) => item.type === type && item.status === 'True');
  const both = ['Ready', 'Reconciling', 'Stalled'].filter(isTrue);
  return both.length > 1 ? `${both.join(' and ')} are True at once` : undefined;
}

function badGeneration(status: ReleaseStatus, release: Release): string | undefined {
  const newest = release.metadata.generation ?? Number.MAX_SAFE_INTEGER;
  const given = [
    status.observedGeneration,
    ...status.conditions.map((condition) => condition.observedGeneration),
  ];
  const bad = given.find((value) => !Number.isSafeInteger(value) || value < 0 || value > newest);
  return bad === undefined
    ? undefined
    : `observedGeneration ${bad} is not a whole number from 0 to ${newest}`;
}

function unorderedDecisions(status: ReleaseStatus): string | undefined {
  if (status.decisions.length > MAX_DECISIONS)
    return `${status.decisions.length} decisions, at most ${MAX_DECISIONS}`;
  const times = status.decisions.map((decision) => Date.parse(decision.time));
  const bad = times.findIndex((time, index) => !(time >= (times[index - 1] ?? 0)));
  return bad === -1 ? undefined : `decisions[${bad}] is out of order or has no time`;
}

function unorderedTimes(status: ReleaseStatus): string | undefined {
  const start = Date.parse(status.startedAt);
  if (Number.isNaN(start)) return 'startedAt is not a time';
  const fields = [
    'weightObservedAt',
    'stepStartedAt',
    'pausedAt',
    'promotionStartedAt',
    'drainStartedAt',
    'endedAt',
  ] as const;
  const early = fields.find((field) => status[field] !== undefined && !(Date.parse(status[field]) >= start));
  return early === undefined ? undefined : `${early} is not a time, or before startedAt`;
}

function numbersMissing(status: ReleaseStatus): string | undefined {
  const numbers = Object.entries(status.verdict?.numbers ?? {});
  const bad = numbers.find(([, value]) => !Number.isFinite(value));
  return bad === undefined ? undefined : `verdict number ${bad[0]} is not finite`;
}

/** A share that is verified or refuted needs counted requests, and a weight that splits requests. */
function impossibleShare({ share }: ReleaseStatus): string | undefined {
  if (share === undefined) return undefined;
  const { reason, wanted, canary, stable } = share;
  if (!(wanted > 0 && wanted < 100)) return `the share of weight ${wanted} cannot be checked`;
  if (!(canary >= 0 && stable >= 0)) return `${canary} and ${stable} are no numbers of requests`;
  return reason !== REASON.TrafficShareUnverified && canary + stable <= 0
    ? `${reason} without requests`
    : undefined;
}

/** `promotedFor` is there from the beginning of a promotion. A release that is taken back during its promotion keeps it. */
function promotedForNothing({ phase, promotedFor }: ReleaseStatus): string | undefined {
  const promoted = phase === 'Promoting' || phase === 'Promoted';
  if (promoted && promotedFor === undefined) return `promotedFor is absent in phase ${phase}`;
  const early = phase === 'Pending' || phase === 'Blocked' || phase === 'Progressing' || phase === 'Waiting';
  return early && promotedFor !== undefined ? `promotedFor ${promotedFor} in phase ${phase}` : undefined;
}

/**
 * A release that is taken back says how it will end, and ends that way. What rolled out without a release also ends as
 * Escaped.
 */
function wrongEnd({ phase, withdrawal }: ReleaseStatus): string | undefined {
  if (withdrawal === undefined) {
    const taken = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Superseded';
    return taken ? `withdrawal is absent in phase ${phase}` : undefined;
  }
  // If the target is deleted, the release ends with that, whatever it was taken back for.
  const fits = phase === 'RollingBack' || phase === 'Aborted' || phase === withdrawal.endsAs;
  return fits ? undefined : `withdrawal.endsAs ${withdrawal.endsAs} in phase ${phase}`;
}

/** Each keeps its number for ever, so that a scenario can say which one it is about. */
const LINTS: readonly Lint[] = [
  { id: 'L01', check: (s) => (PHASES.includes(s.phase) ? undefined : `phase "${s.phase}" is not known`) },
  { id: 'L02', check: unknownReason },
  { id: 'L03', check: badSentence },
  {
    id: 'L04',
    check: (s) =>
      isTerminal(s.phase) === (s.endedAt !== undefined)
        ? undefined
        : `endedAt is ${s.endedAt ?? 'absent'} in phase ${s.phase}`,
  },
  {
    id: 'L05',
    check: (s) =>
      isTerminal(s.phase) && !(isNothing(wantedSplit(s)) && isNothing(observedSplit(s)))
        ? `${splitText(wantedSplit(s))} (observed ${s.observedWeight === null ? 'unknown' : splitText(observedSplit(s))}) in phase ${s.phase}`
        : undefined,
  },
  {
    id: 'L06',
    check: (s) =>
      [s.weight, s.mirror ?? 0, s.observedWeight ?? 0, s.observedMirror ?? 0].every(isPercent)
        ? undefined
        : `weight ${s.weight}, observedWeight ${s.observedWeight ?? 'unknown'} or a share of copies is not within 0 to 100`,
  },
  { id: 'L07', check: contradiction },
  { id: 'L08', check: wrongConditions },
  { id: 'L09', check: badGeneration },
  { id: 'L10', check: unorderedDecisions },
  {
    id: 'L11',
    check: (s) =>
      Number.isSafeInteger(s.step) &&
      Number.isSafeInteger(s.steps) &&
      s.step >= -1 &&
      s.step < Math.max(s.steps, 1)
        ? undefined
        : `step ${s.step} of ${s.steps} does not exist`,
  },
  { id: 'L12', check: unorderedTimes },
  {
    id: 'L13',
    check: (s) =>
      s.phase === 'Promoted' && s.verdict?.result === 'fail' && s.promotedFor === 'Analysis'
        ? 'Promoted with a failing verdict, for its analysis'
        : undefined,
  },
  { id: 'L14', check: numbersMissing },
  {
    id: 'L15',
    check: (s, release) =>
      isTerminal(s.phase) && (release.metadata.finalizers ?? []).includes(FINALIZER)
        ? `the finalizer ${FINALIZER} is still there in phase ${s.phase}`
        : undefined,
  },
  { id: 'L16', check: impossibleShare },
  {
    id: 'L17',
    check: (s) =>
      s.trouble !== undefined && isTerminal(s.phase)
        ? `something is in the way in phase ${s.phase}`
        : undefined,
  },
  { id: 'L18', check: promotedForNothing },
  { id: 'L19', check: wrongEnd },
  {
    id: 'L20',
    check: (s) =>
      s.waitsFor !== undefined && s.phase !== 'Waiting'
        ? `waitsFor ${s.waitsFor} in phase ${s.phase}`
        : undefined,
  },
  {
    id: 'L21',
    check: ({ losses }) =>
      losses === undefined || (Number.isSafeInteger(losses) && losses > 0)
        ? undefined
        : `losses ${losses} is not a number of losses`,
  },
];

/**
 * What is wrong with the status of a Release, as lines like "L04 endedAt is absent in phase Promoted"; [] = nothing.
 * For tests and development: every scenario is linted after every step.
 */
export function lintRelease(release: Release): string[] {
  const { status } = release;
  if (status === undefined) return [];
  return LINTS.flatMap((lint) => {
    const problem = lint.check(status, release);
    return problem === undefined ? [] : [`${lint.id} ${problem}`];
  });
}
