import type { Reason } from '../../api/reasons.ts';
import { checkTemplate } from '../../analysis/measure/check.ts';
import { resolvePresets } from '../../api/bound.ts';
import type { Preset } from '../../api/kinds/template/preset.ts';
import { getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { applyOverrides, parseAnnotations, type AnnotationOverrides } from '../../api/annotations.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { defaultPolicy, parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { AnalysisUse, ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import { REASON } from '../../api/reasons.ts';
import { fail, formatIssue, ok, type Issue, type Result } from '../../lib/result.ts';
import { endpointOf } from '../../api/kinds/template/source.ts';
import type { AnalysisTemplate } from '../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { PRESETS, PROVIDERS } from '../../providers/index.ts';
import type { NoPresets, Presets } from '../../providers/provider.ts';
import type { ResolvedRules, Snapshot } from '../model.ts';
import { unreachableLooks } from './horizons.ts';

/** Why a release cannot begin: a reason and a sentence with all causes. */
export interface Objection {
  reason: Reason;
  sentence: string;
}

export type Rules =
  { ok: true; value: ResolvedRules; overrides: AnnotationOverrides } | { ok: false; objection: Objection };

/** Maximum number of metrics: each needs two queries or more in every interval. */
const MOST_METRICS = 40;

const tooManyMetrics = (count: number): Issue => ({
  path: 'spec.analysis',
  message: `names templates with ${count} metrics together, more than the ${MOST_METRICS} that are measured for one release`,
  remedy: 'name fewer templates, or take metrics out of them',
});

/**
 * Policy and templates of the target: annotations override the named policy, names are looked up, arguments are bound.
 */
export function resolveRules(snapshot: Snapshot): Rules {
  const overrides = parseAnnotations(snapshot.target?.metadata.annotations);
  if (!overrides.ok) return refused(REASON.InvalidAnnotation, overrides.issues);
  const name = overrides.value.policy ?? 'default';
  const policy = findPolicy(snapshot, name);
  if (policy === undefined) return refused(REASON.PolicyNotFound, [missingPolicy(snapshot, name)]);
  if (!policy.ok) return refused(REASON.InvalidPolicy, policy.issues);
  const applied = applyOverrides(policy.value, overrides.value);
  if (!applied.ok) return refused(REASON.InvalidAnnotation, applied.issues);
  const merged = applied.value;
  const templates: BoundTemplate[] = [];
  for (const use of merged.analysis) {
    const named = overrides.value.analysis === undefined ? 'spec.analysis' : ANALYSIS_ANNOTATION;
    const bound = bind(snapshot, use, named);
    if (!bound.ok) return bound;
    templates.push(bound.value);
  }
  const metrics = templates.flatMap(({ template }) => template.metrics).length;
  if (metrics > MOST_METRICS) return refused(REASON.TooMuchWork, [tooManyMetrics(metrics)]);
  const late = unreachableLooks(merged, templates);
  if (late.length > 0) return refused(REASON.InvalidTemplate, late);
  return { ok: true, value: { policy: merged, templates }, overrides: overrides.value };
}

/** The templates with their queries: those of the named presets, or of the presets that fit. */
export function withPresets(
  templates: BoundTemplate[],
  fitting: Presets | NoPresets,
): Result<BoundTemplate[]> {
  const known = PRESETS.map(asPreset);
  // Where several presets may fit, templates may name the right one by the provider's name.
  const names = Object.keys(PROVIDERS).filter((name) => !known.some((preset) => preset.name === name));
  const byProvider = 'name' in fitting ? names.map((name) => ({ ...asPreset(fitting), name })) : [];
  const bound: BoundTemplate[] = [];
  for (const template of templates) {
    const resolved = resolvePresets(
      template,
      [...known, ...byProvider],
      'name' in fitting ? fitting.name : fitting,
    );
    if (!resolved.ok) return resolved;
    bound.push(resolved.value);
  }
  return ok(bound);
}

function asPreset({ name, errorRate, latency }: Presets): Preset {
  return { name, ...errorRate, ...(latency === undefined ? {} : { latency }) };
}

export function refused(reason: Reason, issues: Issue[]): { ok: false; objection: Objection } {
  return { ok: false, objection: { reason, sentence: issues.map(formatIssue).join('. ') } };
}

/** Where policies and templates are looked for, in this order. */
function homes({ key, config }: Snapshot): string[] {
  return config.sharedOnly === true ? [config.namespace] : [...new Set([key.namespace, config.namespace])];
}

function find(objects: readonly KubeObject[], snapshot: Snapshot, name: string): KubeObject | undefined {
  return homes(snapshot)
    .map((home) => objects.find(({ metadata }) => metadata.name === name && metadata.namespace === home))
    .find((object) => object !== undefined);
}

function findPolicy(snapshot: Snapshot, name: string): Result<ReleasePolicy> | undefined {
  const object = find(snapshot.policies, snapshot, name);
  if (object !== undefined) return parsePolicy(object.spec, `ReleasePolicy ${name}: spec`);
  return name === 'default' ? ok(defaultPolicy()) : undefined;
}

function missingPolicy(snapshot: Snapshot, name: string): Issue {
  return {
    path: `metadata.annotations[${ANNOTATION.policy}]`,
    value: JSON.stringify(name),
    message: 'is no ReleasePolicy',
    remedy: `create ReleasePolicy ${name} in namespace ${places(snapshot)}, or name the built-in "default"`,
  };
}

function places(snapshot: Snapshot): string {
  return homes(snapshot).join(' or ');
}

type Bound = { ok: true; value: BoundTemplate } | { ok: false; objection: Objection };

const ANALYSIS_ANNOTATION = `metadata.annotations[${ANNOTATION.analysis}]`;

/** `named`: the field that names the template. */
function bind(snapshot: Snapshot, use: AnalysisUse, named: string): Bound {
  const object = find(snapshot.templates, snapshot, use.template);
  const path = `AnalysisTemplate ${use.template}`;
  if (object === undefined && use.template !== 'http') {
    const issue = {
      path: named,
      value: JSON.stringify(use.template),
      message: 'is no AnalysisTemplate',
      remedy: `create AnalysisTemplate ${use.template} in namespace ${places(snapshot)}, or name the built-in "http"`,
    };
    return refused(REASON.TemplateNotFound, [issue]);
  }
  const parsed =
    object === undefined
      ? ok(defaultTemplate())
      : parseTemplate(object.spec, `${path}: spec`, snapshot.config.minIntervalMs);
  if (!parsed.ok) return refused(REASON.InvalidTemplate, parsed.issues);
  const shared = object === undefined || object.metadata.namespace === snapshot.config.namespace;
  const fenced = !shared && snapshot.config.namespaceMatcher === true;
  const unusable = checkTemplate(parsed.value, `${path}: spec`, { fenced });
  if (unusable.length > 0) return refused(REASON.InvalidTemplate, unusable);
  const args = bindArguments(use, parsed.value, path);
  if (!args.ok) return refused(REASON.InvalidTemplate, args.issues);
  const unknown = unknownEndpoint(snapshot, parsed.value);
  if (unknown !== undefined)
    return refused(unknown.reason, [{ ...unknown.issue, path: `${path}: ${unknown.issue.path}` }]);
  const bound = { use: { template: use.template, args: args.value }, template: parsed.value };
  return { ok: true, value: { ...bound, ...(shared ? { shared } : {}) } };
}

/** Why the target's namespace may not use this end point. The sentence does not name end points of other namespaces. */
function unknownEndpoint(
  { config, key }: Snapshot,
  template: AnalysisTemplate,
): { reason: Reason; issue: Issue } | undefined {
  const wanted = endpointOf(template);
  const ofPrometheus = template.source === undefined;
  const prefix = ofPrometheus ? 'prometheus/' : '';
  const open = config.endpoints
    .filter((name) => config.endpointsFor?.[name]?.includes(key.namespace) !== false)
    .filter((name) => name.startsWith(prefix));
  if (open.includes(wanted)) return undefined;
  const names = open.map((name) => name.slice(prefix.length)).join(', ');
  const other = names === '' ? '' : `name one of ${names}, or `;
  const flag = ofPrometheus ? '--prometheus' : '--source';
  const value = wanted.slice(prefix.length);
  const place = { path: `spec.${ofPrometheus ? 'prometheus' : 'source'}`, value: JSON.stringify(value) };
  const why = config.endpoints.includes(wanted)
    ? {
        message: `is an end point that namespace ${key.namespace} may not use`,
        remedy: `${other}have the namespace added to it in the controller's ${flag}`,
      }
    : {
        message: 'is not an end point of the controller',
        remedy: `${other}start the controller with ${flag} ${value}=<url>`,
      };
  return {
    reason: ofPrometheus ? REASON.PrometheusNotConfigured : REASON.SourceNotConfigured,
    issue: { ...place, ...why },
  };
}

/** Every argument of the template gets the policy's value or its own default. */
function bindArguments(
  use: AnalysisUse,
  template: AnalysisTemplate,
  path: string,
): Result<Record<string, string>> {
  const issues: Issue[] = [];
  const bound: Record<string, string> = {};
  for (const { name, value } of template.args) {
    const given = getString(use.args, name) ?? value;
    if (given !== undefined) bound[name] = given;
    else
      issues.push({
        path: `${path}: spec.args[${name}]`,
        message: 'has no value',
        remedy: 'give one in the policy',
      });
  }
  for (const name of Object.keys(use.args)) {
    if (template.args.some((argument) => argument.name === name)) continue;
    const known = template.args.map((argument) => argument.name).join(', ') || 'none';
    issues.push({
      path: `spec.analysis[${use.template}].args.${name}`,
      message: 'is not an argument of the template',
      remedy: `give only these: ${known}`,
    });
  }
  return issues.length === 0 ? ok(bound) : fail(...issues);
}
