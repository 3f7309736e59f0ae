import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/policy.ts';
import { formatStep } from '../format/splitting.ts';
import type { Paint } from '../io.ts';
import { notesOf, onlyTime, type Checked } from './look.ts';
import type { Asked } from './queries.ts';

export interface Report {
  target: string;
  namespace: string;
  checked: Checked;
  asked: readonly Asked[];
  /** from manifests alone */
  offline: boolean;
}

export const canBegin = ({ checked, offline }: Report): boolean =>
  checked.plan.ok || (offline && onlyTime(checked));

/** For people: what was found, what is good to know, and whether a release could begin. */
export function textReport(report: Report, paint: Paint): string[] {
  const { target, namespace, checked, asked } = report;
  const { plan } = checked;
  const sign = canBegin(report) ? paint('yellow', '?') : paint('red', '✗');
  return [
    paint('bold', `deployment/${target} in namespace ${namespace}`),
    ...found(checked).map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    ...asked.map(({ metric, ok, sentence }) => {
      const known = ok ? paint('green', '✓') : paint('yellow', '?');
      return `  ${known} metric ${metric}: ${sentence}`;
    }),
    ...notesOf(checked).map(({ sentence }) => `  ${paint('cyan', 'i')} ${sentence}`),
    ...(plan.ok
      ? [paint('green', '✓ A release can begin.')]
      : plan.refusals.map(({ reason, sentence }) => `${sign} ${reason}: ${sentence}`)),
  ];
}

function found({ plan, facts }: Checked): [string, string][] {
  const policy = facts?.rules?.policy;
  if (!plan.ok || policy === undefined) return [];
  const { provider, service, canaryService, routes, rewrite, preset } = plan.value.traffic;
  const labels = Object.entries(rewrite).map(([key, value]) => {
    const { from, to } = value as { from?: string; to?: string };
    return `${key}: ${from === undefined ? '' : `${from} → `}${to ?? ''}`;
  });
  const named = routes.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const services = [service, canaryService].filter((name) => name !== undefined);
  return [
    ['strategy', `${policy.strategy}: ${steps(policy)}`],
    ['provider', `${provider}${named === '' ? '' : ` (${named})`}`],
    ...(services.length === 0 ? [] : [['service', services.join(', canary ')] as [string, string]]),
    ['labels', labels.join(', ')],
    ...(preset === undefined ? [] : [['queries', `${preset.name}: ${preset.because}`] as [string, string]]),
  ];
}

const steps = (policy: ReleasePolicy): string =>
  ladderOf(policy)
    .map((step) => formatStep(policy, step))
    .join(' → ');

/** For machines. */
export function jsonReport(report: Report): string {
  const { target, namespace, checked, asked } = report;
  const { plan } = checked;
  return JSON.stringify(
    {
      target,
      namespace,
      ok: canBegin(report),
      refusals: plan.ok ? [] : plan.refusals.map(({ reason, sentence }) => ({ reason, sentence })),
      notes: notesOf(checked),
      metrics: asked,
      ...(plan.ok ? { traffic: plan.value.traffic, policy: plan.value.policy } : {}),
    },
    null,
    2,
  );
}
