import { fail, ok, type Issue, type Result } from '../lib/result.ts';
import { complain, kindOf, parseWith, type Place, type Read } from '../lib/schema/fields.ts';
import { isObject } from '../lib/json.ts';
import { refuseDuplicates } from '../lib/schema/read.ts';
import { dnsLabel, dnsSubdomain, text } from '../lib/schema/scalars.ts';
import { suggest } from '../lib/schema/suggest.ts';
import { MAX_TEMPLATES, PROVIDER, type AnalysisUse, type ReleasePolicy } from './kinds/policy/policy.ts';
import { refuseZero, type Step } from './kinds/policy/step.ts';
import { readStepsText } from './kinds/policy/steps-text.ts';
import { refusalOf } from './kinds/policy/strategy.ts';
import { ANNOTATION } from './names.ts';

/** What the annotations of a target say; each overrides one field of the policy. */
export interface AnnotationOverrides {
  /** absent: the target has not opted in */
  policy?: string;
  steps?: Step[];
  analysis?: AnalysisUse[];
  provider?: ReleasePolicy['provider'];
  service?: string;
  /** names of routes in the target's namespace */
  routes?: string[];
  /** names of rules that no policy refers to */
  copyRules?: string[];
  /** the reason a human gave for skipping the analysis of the template it came with */
  skip?: string;
}

const MAX_ROUTES = 20;
const MAX_RULES = 64;

/** "a, b" → ["a", "b"]; an empty or repeated name is an issue. */
function names(max: number): Read<string[]> {
  return (value, place) => {
    if (typeof value !== 'string') return complain(place, value, `is ${kindOf(value)}`, 'give text');
    const items = value.split(',').map((item) => item.trim());
    if (items.length > max) {
      return complain(place, value, `has ${items.length} names`, `give at most ${max}, separated by commas`);
    }
    const read = items.map((item) => dnsSubdomain.read(item, place));
    refuseDuplicates(items, place);
    return read.every((item) => item !== undefined) ? read : undefined;
  };
}

const analysis: Read<AnalysisUse[]> = (value, place) =>
  names(MAX_TEMPLATES)(value, place)?.map((template) => ({ template, args: {} }));

const PREFIX = 'sluice.dev/';
const KNOWN: readonly string[] = Object.values(ANNOTATION).map((name) => name.slice(PREFIX.length));

/** At most this many unknown names get an issue of their own. */
const MOST_UNKNOWN = 10;

function refuseUnknown(annotations: Record<string, unknown>, place: Place): void {
  const unknown = Object.keys(annotations).filter(
    (name) => name.startsWith(PREFIX) && !KNOWN.includes(name.slice(PREFIX.length)),
  );
  for (const name of unknown.slice(0, MOST_UNKNOWN)) {
    const meant = suggest(name.slice(PREFIX.length), KNOWN);
    const remedy = meant === undefined ? 'remove the annotation' : `did you mean ${PREFIX}${meant}?`;
    complain(at(place, name), annotations[name], 'is in an annotation that Sluice does not know', remedy);
  }
  const more = unknown.length - MOST_UNKNOWN;
  if (more > 0)
    place.issues.push({
      path: place.path,
      message: `has ${more} more annotations that Sluice does not know`,
      remedy: `remove all that begin with ${PREFIX} and are not in docs/annotations.md`,
    });
}

function at(place: Place, name: string): Place {
  return { path: `${place.path}[${name}]`, issues: place.issues };
}

const readOverrides: Read<AnnotationOverrides> = (value, place) => {
  if (value === undefined || value === null) return {};
  if (!isObject(value))
    return complain(place, value, `is ${kindOf(value)}, not an object`, 'give a map of strings');
  const annotations = value;
  const overrides: AnnotationOverrides = {};
  const read = <K extends keyof AnnotationOverrides>(
    field: K,
    name: string,
    reader: Read<NonNullable<AnnotationOverrides[K]>>,
  ) => {
    if (!Object.hasOwn(annotations, name) || annotations[name] === undefined) return;
    const parsed = reader(annotations[name], at(place, name));
    if (parsed !== undefined) overrides[field] = parsed;
  };
  read('policy', ANNOTATION.policy, dnsLabel.read);
  read('steps', ANNOTATION.steps, readStepsText);
  read('analysis', ANNOTATION.analysis, analysis);
  read('provider', ANNOTATION.provider, PROVIDER.read);
  read('service', ANNOTATION.service, dnsLabel.read);
  read('routes', ANNOTATION.route, names(MAX_ROUTES));
  read('copyRules', ANNOTATION.copyRules, names(MAX_RULES));
  read('skip', ANNOTATION.skip, text(1024).read);
  refuseUnknown(annotations, place);
  return overrides;
};

/** The `metadata.annotations` of a target (absent counts as empty). Annotations of other tools are ignored. */
export function parseAnnotations(
  annotations: unknown,
  path = 'metadata.annotations',
): Result<AnnotationOverrides> {
  return parseWith(annotations, path, readOverrides);
}

/**
 * The policy with the target's overrides laid over it; an override that the policy's strategy does not allow is an issue.
 * A template that the policy also names keeps its arguments.
 */
export function applyOverrides(policy: ReleasePolicy, overrides: AnnotationOverrides): Result<ReleasePolicy> {
  const withArgs = (use: AnalysisUse): AnalysisUse =>
    policy.analysis.find((known) => known.template === use.template) ?? use;
  const clashes = overrides.steps === undefined ? [] : stepsAgainst(policy, overrides.steps);
  if (clashes.length > 0) return fail(...clashes);
  return ok({
    ...policy,
    ...(overrides.steps === undefined ? {} : { steps: overrides.steps }),
    ...(overrides.analysis === undefined ? {} : { analysis: overrides.analysis.map(withArgs) }),
    ...(overrides.provider === undefined ? {} : { provider: overrides.provider }),
  });
}

function stepsAgainst({ strategy }: ReleasePolicy, steps: Step[]): Issue[] {
  const place: Place = { path: `metadata.annotations[${ANNOTATION.steps}]`, issues: [] };
  const refusal = refusalOf('steps', strategy);
  if (refusal !== undefined) place.issues.push({ path: place.path, ...refusal });
  else if (strategy === 'canary') refuseZero(steps, () => place);
  return place.issues;
}
