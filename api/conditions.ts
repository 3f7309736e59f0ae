import type { Reason } from './reasons.ts';
import type { Condition, Phase } from './kinds/release/status.ts';

/**
 * What a phase means to tools that know nothing of Sluice (kstatus: Flux, Helm, Argo CD, kubectl wait). `Reconciling`
 * and `Stalled` are listed only while True; both True at once, or beside Ready=True, would contradict each other.
 */
type Kind = 'ready' | 'reconciling' | 'stalled';

const KIND: Record<Phase, Kind> = {
  Pending: 'reconciling',
  Progressing: 'reconciling',
  // not Stalled: a pause is not a failure, and `helm --wait` or Flux must not report one
  Waiting: 'reconciling',
  Promoting: 'reconciling',
  RollingBack: 'reconciling',
  Promoted: 'ready',
  RolledBack: 'stalled',
  Aborted: 'stalled',
  Superseded: 'stalled',
  Escaped: 'stalled',
  Blocked: 'stalled',
};

const TERMINAL: ReadonlySet<Phase> = new Set<Phase>([
  'Promoted',
  'RolledBack',
  'Superseded',
  'Aborted',
  'Escaped',
]);
const NEEDS_HUMAN: ReadonlySet<Phase> = new Set<Phase>(['Waiting', 'Blocked']);

/** Has the release ended for good? `Blocked` has not: it is checked again when something changes. */
export function isTerminal(phase: Phase): boolean {
  return TERMINAL.has(phase);
}

/**
 * The condition types that are listed in a phase, with their status. `needsHuman`: an obstacle remains that only a human
 * can remove.
 */
export function conditionStatuses(phase: Phase, needsHuman = false): Record<string, 'True' | 'False'> {
  const kind = KIND[phase];
  return {
    Ready: kind === 'ready' ? 'True' : 'False',
    ...(kind === 'reconciling' ? { Reconciling: 'True' as const } : {}),
    ...(kind === 'stalled' ? { Stalled: 'True' as const } : {}),
    ...(NEEDS_HUMAN.has(phase) || needsHuman ? { NeedsHuman: 'True' as const } : {}),
  };
}

export interface ConditionInput {
  phase: Phase;
  reason: Reason;
  /** one sentence */
  message: string;
  /** metadata.generation of the Release that was looked at */
  observedGeneration: number;
  nowMs: number;
  needsHuman?: boolean;
}

/** The conditions for a phase. `lastTransitionTime` moves only when a condition's status changes or it is new. */
export function buildConditions(input: ConditionInput, previous: readonly Condition[] = []): Condition[] {
  const now = `${new Date(input.nowMs).toISOString().slice(0, 19)}Z`;
  return Object.entries(conditionStatuses(input.phase, input.needsHuman)).map(([type, status]) => {
    const before = previous.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason: input.reason,
      message: input.message,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
      observedGeneration: Math.trunc(input.observedGeneration),
    };
  });
}
