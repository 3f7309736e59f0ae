import { formatDuration } from '../../lib/duration.ts';
import { getObject, getObjects, getString } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ladderOf } from '../../api/ladder.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { Release } from '../../api/kinds/release/release.ts';

/**
 * What goes to the canary beside its weight, as read back from the route: "copies 100% of requests", "requests with
 * header x-beta".
 */
export function formatExtras({ spec, status }: Release): string[] {
  const { observedMirror: percent, observedMatching } = status ?? {};
  return [
    ...(percent === undefined ? [] : [`copies ${percent}% of requests`]),
    ...(observedMatching === true ? [whoMatches(spec.policy)] : []),
  ];
}

function whoMatches(policy: JsonObject): string {
  const match = getObject(policy, 'match');
  const names = (kind: 'headers' | 'cookies', word: string) =>
    getObjects(match, kind).map((each) => `${word} ${getString(each, 'name') ?? '?'}`);
  const cookie = getString(policy, 'stickiness', 'cookie');
  const all = [
    ...names('headers', 'header'),
    ...names('cookies', 'cookie'),
    ...(cookie === undefined ? [] : [`cookie ${cookie}`]),
  ];
  return `requests with ${[...new Set(all)].join(' or ')}`;
}

/** Every step of a release by its recorded policy; [] where none was recorded. */
export function formatLadder(policy: JsonObject): string[] {
  const parsed = parsePolicy(policy);
  if (!parsed.ok || Object.keys(policy).length === 0) return [];
  return ladderOf(parsed.value).map((step) => `${formatStep(parsed.value, step)} (${how(step)})`);
}

/** Which users meet the new version in a step. */
export function formatStep({ strategy }: ReleasePolicy, { weight, mirror }: Step): string {
  if (mirror !== undefined) return `copies of ${mirror}% of requests`;
  if (strategy === 'blueGreen') return weight === 0 ? 'no requests, at full size' : 'all requests';
  if (strategy === 'canary') return `${weight}%`;
  return weight === 0 ? 'requests that match' : `requests that match and ${weight}% of the others`;
}

function how({ minDurationMs, maxDurationMs, pause }: Step): string {
  const lasts = `${formatDuration(minDurationMs)} to ${formatDuration(maxDurationMs)}`;
  if (pause === false) return lasts;
  return `${lasts}, then a pause${pause === true ? '' : ` of ${formatDuration(pause)}`}`;
}
