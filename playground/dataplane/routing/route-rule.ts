import type { Backends } from '../proxy/backends.ts';
import { UNEDITED, combined } from './header-edits.ts';
import type { Edits, HeaderEdits } from './header-edits.ts';
import { draw } from '../load/random.ts';
import type { Random } from '../../../lib/random.ts';
import {
  corsEditsOf,
  replyOf,
  transportOf,
  type Acting,
  type Arrived,
  type Trying,
} from './route-actions.ts';
import { copiesFor, toService } from './routing.ts';
import type { Mirroring, Routed, ServiceLabels } from './routing.ts';

export interface BackendRef {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  port?: number;
}

interface Header {
  name: string;
  value: string;
}

interface Modifier {
  set?: Header[];
  add?: Header[];
  remove?: string[];
}

interface Filter extends Acting {
  type: string;
  requestHeaderModifier?: Modifier;
  responseHeaderModifier?: Modifier;
  requestMirror?: {
    backendRef: BackendRef;
    percent?: number;
    fraction?: { numerator: number; denominator?: number };
  };
}

/** Names that Envoy Gateway gives to the clusters of one rule. */
export interface ClusterNames {
  /** the cluster of a reference, by its place */
  ref: (index: number) => string;
  /** the cluster to which a filter of the rule copies, by the filter's place */
  mirror: (index: number) => string;
}

/** A rule of an HTTPRoute or GRPCRoute without its matches. */
export interface RawRule extends Trying {
  filters?: Filter[];
  backendRefs?: (BackendRef & { weight?: number; filters?: Filter[] })[];
}

const ACTING = ['RequestRedirect', 'URLRewrite', 'CORS'];
const KNOWN = [...ACTING, 'RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror'];

/** What the filters do to a request. */
interface Effects {
  edits: Edits;
  mirrors: Mirroring[];
  acting: Acting[];
  /**
   * types of filters that the playground does not support: such requests must get an error, because a filter
   * must not be skipped
   */
  unknown: string[];
}

interface Backend {
  weight: number;
  to: Routed<ServiceLabels>;
  effects: Effects;
}

/** Every Service to which a rule sends or copies. */
export function refsOf({ backendRefs = [], filters = [] }: RawRule): BackendRef[] {
  const all = [...filters, ...backendRefs.flatMap((ref) => ref.filters ?? [])];
  const mirrors = all.flatMap(({ requestMirror }) =>
    requestMirror === undefined ? [] : [requestMirror.backendRef],
  );
  return [...backendRefs, ...mirrors];
}

/**
 * The filters of a rule that the playground does not support, by type: a request that would pass one gets an
 * error.
 */
export const unknownFilters = ({ backendRefs = [], filters = [] }: RawRule): string[] =>
  [...filters, ...backendRefs.flatMap((ref) => ref.filters ?? [])]
    .map(({ type }) => type)
    .filter((type) => !KNOWN.includes(type));

/** The place of a rule. */
interface Surroundings {
  namespace: string;
  backends: Backends;
  /** absent: its implementation does not count by clusters of Envoy */
  clusters?: ClusterNames;
}

/** What a rule does with the requests that match it. */
export class RouteRule {
  /** clusters of Envoy to which it may send */
  readonly clusters: readonly string[];
  private readonly backends: Backend[];
  private readonly effects: Effects;
  private readonly trying: Trying;

  constructor(rule: RawRule, { namespace, backends, clusters }: Surroundings) {
    const effectsOf = (filters: Filter[] = [], mirror?: ClusterNames['mirror']) =>
      effects(filters, { namespace, backends }, mirror);
    this.effects = effectsOf(rule.filters, clusters?.mirror);
    this.trying = rule;
    this.backends = (rule.backendRefs ?? []).map((ref, j) => ({
      weight: ref.weight ?? 1,
      to: inCluster(toBackend(ref, namespace, backends), clusters?.ref(j)),
      effects: effectsOf(ref.filters),
    }));
    this.clusters = this.backends
      .filter(({ weight }) => weight > 0)
      .flatMap(({ to }) => to.labels?.cluster ?? []);
  }

  /** A filter that is not supported is never skipped. */
  send(arrived: Arrived, random: Random): Routed<ServiceLabels> {
    const [unknown] = this.effects.unknown;
    if (unknown !== undefined) return { status: 500, why: `filter ${unknown} is not supported` };
    return replyOf(this.effects.acting, arrived) ?? this.sendOn(arrived, random);
  }

  private sendOn(arrived: Arrived, random: Random): Routed<ServiceLabels> {
    const weights = this.backends.map(({ weight }) => weight);
    if (weights.length > 0 && weights.every((weight) => weight === 0)) {
      return { status: 500, why: 'all weights are zero' };
    }
    const backend = this.backends[draw(random, weights)];
    if (backend === undefined) return { status: 500, why: 'the rule has no backend' };
    const { to } = backend;
    const [unknown] = backend.effects.unknown;
    if (unknown !== undefined) {
      const labels = to.labels === undefined ? {} : { labels: to.labels };
      return { status: 500, why: `filter ${unknown} is not supported`, ...labels };
    }
    const acting = [...this.effects.acting, ...backend.effects.acting];
    const reply = replyOf(backend.effects.acting, arrived);
    if (reply !== undefined || !('to' in to)) return reply ?? to;
    const mirrors = [...this.effects.mirrors, ...backend.effects.mirrors];
    const edits = combined(this.effects.edits, backend.effects.edits, ...corsEditsOf(acting, arrived));
    const transport = transportOf(acting, this.trying, arrived);
    return { ...to, edits, transport, copies: copiesFor(mirrors, random) };
  }
}

/** An invalid reference is answered with 500, a Service without endpoints with 503. */
function toBackend(ref: BackendRef, home: string, backends: Backends): Routed<ServiceLabels> {
  const { name: service, namespace = home, port } = ref;
  const isService = (ref.kind ?? 'Service') === 'Service' && (ref.group ?? '') === '';
  const valid = isService && namespace === home && port !== undefined;
  const where = { namespace, service };
  if (valid && backends.endpoints(namespace, service, port) !== undefined) {
    return toService(backends, where, port);
  }
  return { status: 500, why: `no Service ${service}`, labels: where };
}

/** A request to a Service without endpoints is sent to no cluster, and no cluster counts it. */
function inCluster(to: Routed<ServiceLabels>, cluster: string | undefined): Routed<ServiceLabels> {
  if (cluster === undefined || to.labels === undefined) return to;
  return 'to' in to ? { ...to, labels: { ...to.labels, cluster } } : { status: 503, why: to.why };
}

function effects(
  filters: Filter[],
  { namespace, backends }: Surroundings,
  mirror?: ClusterNames['mirror'],
): Effects {
  const all: Effects = { edits: UNEDITED, mirrors: [], acting: [], unknown: [] };
  for (const [k, filter] of filters.entries()) {
    const { requestHeaderModifier, responseHeaderModifier, requestMirror } = filter;
    if (filter.type === 'RequestHeaderModifier') {
      all.edits = combined(all.edits, { request: [editsOf(requestHeaderModifier)], response: [] });
    } else if (filter.type === 'ResponseHeaderModifier') {
      all.edits = combined(all.edits, { request: [], response: [editsOf(responseHeaderModifier)] });
    } else if (filter.type === 'RequestMirror' && requestMirror !== undefined) {
      const to = inCluster(toBackend(requestMirror.backendRef, namespace, backends), mirror?.(k));
      all.mirrors.push({ to, percent: percentOf(requestMirror) });
    } else if (ACTING.includes(filter.type)) all.acting.push(filter);
    else all.unknown.push(filter.type);
  }
  return all;
}

function editsOf({ set = [], add = [], remove = [] }: Modifier = {}): HeaderEdits {
  const named = (headers: Header[]) => Object.fromEntries(headers.map(({ name, value }) => [name, value]));
  return { set: named(set), add: named(add), remove };
}

/** 100, unless a percentage or a fraction is given. */
function percentOf({ percent, fraction }: NonNullable<Filter['requestMirror']>): number {
  if (fraction !== undefined) return (fraction.numerator / (fraction.denominator ?? 100)) * 100;
  return percent ?? 100;
}
