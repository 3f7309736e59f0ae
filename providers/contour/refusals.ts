import { getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal, TrafficContext } from '../provider.ts';
import { isMirror, label, nameOf, PROXIES, tcpServices } from './routes.ts';
import { errorIn } from './status.ts';
import { scopeOf } from '../shared/in-place.ts';
import type { LiveRule } from '../shared/weighted-rules.ts';

/** What would break the split, change it for other Services or keep it from beginning. */
export function refuse(context: TrafficContext): Refusal[] {
  return [
    ...refuseWants(context),
    ...context.routes.flatMap((proxy) => [...refuseRejected(context, proxy), ...refuseTcp(context, proxy)]),
    ...scopeOf(PROXIES, context).flatMap(({ route, rule }) => refuseRoute(context, route, rule)),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });

/** What the policy wants and Sluice does not write to an HTTPProxy. */
function refuseWants({ wants }: TrafficContext): Refusal[] {
  const fields = [
    wants.match === undefined ? undefined : 'spec.match',
    wants.mirror === undefined ? undefined : 'spec.mirror',
    wants.sticky === undefined ? undefined : 'spec.stickiness',
  ].filter((field) => field !== undefined);
  return fields.map((field) => ({
    reason: REASON.StrategyUnsupported,
    sentence: `${field} of the policy: in this version Sluice writes only weights into an HTTPProxy; remove it, or give the Service an HTTPRoute, which Contour serves as well.`,
  }));
}

/** During a release, our own edits may cause the error; then it is observed, not refused. */
function refuseRejected(context: TrafficContext, proxy: KubeObject): Refusal[] {
  const problem = errorIn(proxy);
  if (problem === undefined || context.originals !== undefined) return [];
  const sentence = `${problem}, so no weight could ever be confirmed; correct the HTTPProxy, or exclude it by listing the others in the annotation sluice.dev/route.`;
  return [{ reason: REASON.RouteRejected, sentence }];
}

function refuseTcp({ stableService }: TrafficContext, proxy: KubeObject): Refusal[] {
  const stable = stableService.metadata.name;
  if (!tcpServices(proxy).some((service) => getString(service, 'name') === stable)) return [];
  const sentence = `spec.tcpproxy of HTTPProxy ${proxy.metadata.name} sends TCP connections to Service ${stable}, and Sluice splits only requests; use spec.routes, or exclude it by listing the others in the annotation sluice.dev/route.`;
  return [unsupported(sentence)];
}

function refuseRoute(context: TrafficContext, proxy: KubeObject, rule: LiveRule): Refusal[] {
  const name = label(proxy, rule);
  const stable = context.stableService.metadata.name;
  const copies = rule.destinations.filter(isMirror).map(nameOf);
  const others = [...new Set(rule.foreign.filter((each) => !isMirror(each)).map(nameOf))];
  const answers = ['requestRedirectPolicy', 'directResponsePolicy'].find((field) => field in rule.rule);
  const sessions = sessionsOf(rule.rule);
  const out: Refusal[] = [];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} as well as to Service ${stable}, so Sluice cannot know from whose share the canary takes requests; leave only ${stable} in its services, or list the routes to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (copies.length > 0) {
    const sentence = `${name} copies requests to ${copies.join(', ')} (mirror: true), and Contour keeps the weight of a copy in the list that Sluice splits; remove the copy for the release.`;
    out.push(unsupported(sentence));
  }
  if (answers !== undefined) {
    const sentence = `${name} has ${answers}, so Contour answers itself and sends nothing to Service ${stable}; remove it, or remove the services.`;
    out.push(unsupported(sentence));
  }
  if (sessions !== undefined) {
    const sentence = `${name} has loadBalancerPolicy.strategy ${sessions}, which keeps a client on one pod of one Service; a split chooses the Service for each request, so a client would switch between versions; use another strategy, or provider "replicas".`;
    out.push(unsupported(sentence));
  }
  if (context.originals === undefined && rule.canary.length > 0) {
    const sentence = `${name} already names Service ${context.canaryService}, which Sluice adds itself during a release; remove it from services.`;
    out.push(unsupported(sentence));
  }
  return out;
}

function sessionsOf(rule: JsonObject): string | undefined {
  const strategy = getString(rule, 'loadBalancerPolicy', 'strategy');
  return strategy === 'Cookie' || strategy === 'RequestHash' ? strategy : undefined;
}
