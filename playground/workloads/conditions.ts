export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
};

interface WithConditions {
  conditions?: Condition[];
}

export function conditionOf(status: WithConditions | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isTrue(status: WithConditions | undefined, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/**
 * The conditions with `next` in them. If status and reason are the same, the old condition stays, with its
 * message and times; if only the status is the same, its transition time stays. A changed one moves to the
 * end.
 */
export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...conditions];
  const kept = current?.status === next.status ? current.lastTransitionTime : undefined;
  return [
    ...withoutCondition(conditions, next.type),
    { ...next, ...(kept === undefined ? {} : { lastTransitionTime: kept }) },
  ];
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}
