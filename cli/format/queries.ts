import { getObject, getString, getStringMap } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { sourceNamed } from '../../analysis/measure/sources.ts';
import { armVariables, renderKnown, type Arm } from '../../api/query.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { queriesOf, type Metric } from '../../api/kinds/template/metric.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { wantedSplit } from '../../api/split.ts';
import { splitVariables } from '../../providers/index.ts';
import { OFF } from '../../providers/provider.ts';
import { alternation } from '../../providers/shared/names.ts';
import { canaryName } from '../../release/canary/index.ts';

/** One query of a release; `what` is its place in the template: "canary bad". */
export interface SentQuery {
  template: string;
  metric: string;
  what: string;
  query: string;
}

/**
 * The queries sent to the source of the numbers, with every variable filled in that the record of the release knows.
 * Names of pods, ports and Envoy clusters are only known when a window is measured, so their variables stay as they are
 * written.
 */
export function sentQueries(release: Release): SentQuery[] {
  return release.spec.analysis.flatMap((bound) => {
    const template = getString(bound, 'template') ?? '?';
    const args = Object.entries(getStringMap(bound, 'args')).map(([name, value]) => [`args.${name}`, value]);
    const source = sourceNamed(getString(bound, 'spec', 'source') ?? 'prometheus/default')?.source;
    const variables = { ...known(release), ...(Object.fromEntries(args) as Record<string, string>) };
    return metricsIn(bound).flatMap((metric) =>
      queriesOf(metric).map(({ field, text }) => {
        const [, ...place] = field.split('.');
        const what = place.join(' ');
        const arm = what.startsWith('stable') ? 'stable' : 'canary';
        return {
          template,
          metric: metric.name,
          what,
          query: source?.shown(text, ofArm(variables, arm)) ?? text,
        };
      }),
    );
  });
}

/** The metrics of a recorded template; [] if this version cannot read it. */
export function metricsIn(bound: JsonObject): Metric[] {
  const parsed = parseTemplate(getObject(bound, 'spec'));
  return parsed.ok ? parsed.value.metrics : [];
}

/** The queries of the counters that the weight is checked by. */
export function shareQueries(release: Release): { canary: string; stable: string } | undefined {
  const requests = release.spec.traffic?.preset?.requests;
  if (requests === undefined) return undefined;
  const of = (arm: Arm) => renderKnown(requests[arm], ofArm(known(release), arm));
  return { canary: of('canary'), stable: of('stable') };
}

function ofArm(variables: Record<string, string>, arm: Arm): Record<string, string> {
  const filled = Object.entries(armVariables(variables, arm, 0));
  return Object.fromEntries(filled.filter(([name]) => name !== 'interval'));
}

function known({ metadata, spec, status }: Release): Record<string, string> {
  const { traffic, target } = spec;
  const routes = (traffic?.routes ?? []).map(({ name }) => name);
  const [route] = routes;
  return {
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    target: target.name,
    release: metadata.name,
    canaryDeployment: canaryName(target.name),
    ...splitVariables(status === undefined ? OFF : wantedSplit(status)),
    ...(traffic?.service === undefined ? {} : { stableService: traffic.service }),
    ...(traffic?.canaryService === undefined ? {} : { canaryService: traffic.canaryService }),
    ...(route === undefined ? {} : { route, ingress: route }),
    ...(route === undefined ? {} : { routeRegex: alternation(routes), ingressRegex: alternation(routes) }),
  };
}
