import type { AnalysisUse, ReleasePolicy, Strategy } from '../policy.ts';
import type { Result } from '../../lib/result.ts';
import { Fields, parseWith, type Read } from './fields.ts';
import { boolean, dnsSubdomain, duration, list, number, oneOf, refuseDuplicates, textMap } from './read.ts';
import { readSplitting } from './strategy.ts';
import { step } from './steps.ts';

export const PROVIDERS = ['auto', 'gateway', 'nginx', 'istio', 'linkerd', 'replicas'] as const;
const STRATEGIES = ['canary', 'blueGreen', 'ab'] as const satisfies readonly Strategy[];
export const MAX_TEMPLATES = 10;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const count = (min: number, max: number) => number({ min, max, integer: true });

/** What applies where a policy says nothing, and the policy `default` where no object of that name exists. */
export function defaultPolicy(): ReleasePolicy {
  return {
    provider: 'auto',
    strategy: 'canary',
    steps: [5, 25, 50].map((weight) => step({ weight })),
    analysis: [{ template: 'http', args: {} }],
    onFailure: 'hold',
    onInconclusive: 'extend',
    onNewRevision: 'supersede',
    rollbackWindow: { revisions: 3 },
    holdCapacity: true,
    warmupMs: 60_000,
    blindMs: 10 * 60_000,
    drainMs: 30_000,
    bakeMs: 10 * 60_000,
    historyLimit: 10,
  };
}

const readUse: Read<AnalysisUse> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const template = fields.required(
    'template',
    dnsSubdomain,
    'name an AnalysisTemplate, or the built-in http',
  );
  const args = fields.withDefault('args', textMap(20, 1024), {});
  fields.end();
  return template === undefined ? undefined : { template, args };
};

export const readAnalysis: Read<AnalysisUse[]> = (value, place) => {
  const uses = list(readUse, MAX_TEMPLATES, 1)(value, place);
  if (uses !== undefined) {
    refuseDuplicates(
      uses.map((use) => use.template),
      place,
    );
  }
  return uses;
};

const readRollbackWindow: Read<{ revisions: number }> = (value, place) => {
  const fields = Fields.open(value, place);
  const revisions = fields?.required('revisions', count(0, 100), 'give the number of revisions, 0 for none');
  fields?.end();
  return revisions === undefined ? undefined : { revisions };
};

const readPolicy: Read<ReleasePolicy> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const base = defaultPolicy();
  const settleMs = fields.optional('settle', duration(0, HOUR));
  const strategy = fields.has('strategy') ? fields.optional('strategy', oneOf(STRATEGIES)) : base.strategy;
  const policy: ReleasePolicy = {
    provider: fields.withDefault('provider', oneOf(PROVIDERS), base.provider),
    strategy: strategy ?? base.strategy,
    ...readSplitting(fields, strategy, base),
    analysis: fields.withDefault('analysis', readAnalysis, base.analysis),
    onFailure: fields.withDefault('onFailure', oneOf(['hold', 'revert']), base.onFailure),
    onInconclusive: fields.withDefault(
      'onInconclusive',
      oneOf(['extend', 'wait', 'promote', 'rollback']),
      base.onInconclusive,
    ),
    onNewRevision: fields.withDefault('onNewRevision', oneOf(['supersede', 'queue']), base.onNewRevision),
    rollbackWindow: fields.withDefault('rollbackWindow', readRollbackWindow, base.rollbackWindow),
    holdCapacity: fields.withDefault('holdCapacity', boolean, base.holdCapacity),
    warmupMs: fields.withDefault('warmup', duration(0, HOUR), base.warmupMs),
    blindMs: fields.withDefault('blind', duration(MINUTE, 24 * HOUR), base.blindMs),
    drainMs: fields.withDefault('drain', duration(0, HOUR), base.drainMs),
    historyLimit: fields.withDefault('historyLimit', count(1, 1000), base.historyLimit),
    ...(settleMs === undefined ? {} : { settleMs }),
  };
  fields.notYet('gates', 'notify');
  fields.end();
  return policy;
};

/** The `spec` of a ReleasePolicy, with defaults filled in; every wrong or unknown field is an issue. */
export function parsePolicy(spec: unknown, path = 'spec'): Result<ReleasePolicy> {
  return parseWith(spec, path, readPolicy);
}
