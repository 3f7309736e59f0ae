import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { getObjects, getString } from '../../lib/json.ts';
import { newestFirst } from '../../api/order.ts';
import { eventually } from '../support/eventually.ts';
import { ownersOf } from '../support/owners.ts';
import type { Ran } from './control-plane.ts';
import type { Lane } from './lane.ts';

/** The kinds of routes that Sluice edits in place. */
export const ROUTES = ['HTTPRoute', 'GRPCRoute', 'VirtualService'] as const;
export type RouteKind = (typeof ROUTES)[number];

/** Public images: in a borrowed cluster the pods really run. */
export const image = (version: number): string => `busybox:1.${30 + version}`;

const WEIGHT = 20;

/**
 * Each step continues only by an order: nothing here measures. A step still needs the fields for its
 * judgement.
 */
const RULES: readonly KubeObject[] = [
  {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'ReleasePolicy',
    metadata: { name: 'by-hand' },
    spec: {
      steps: [{ weight: WEIGHT, minDuration: '1h' }],
      analysis: [{ template: 'by-hand' }],
      ...{ warmup: '0s', settle: '0s', drain: '0s' },
    },
  },
  {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 'by-hand' },
    spec: {
      metrics: [
        {
          name: 'errors',
          errorRate: {
            bad: 'requests_total{service="{{service}}",code=~"5.."}',
            total: 'requests_total{service="{{service}}"}',
          },
        },
      ],
    },
  },
];

const route = (kind: RouteKind, name: string): KubeObject => {
  const refs = [{ name, port: 80 }];
  if (kind === 'VirtualService')
    return {
      apiVersion: 'networking.istio.io/v1',
      kind,
      metadata: { name },
      spec: {
        hosts: ['app.example'],
        gateways: ['public'],
        http: [{ route: [{ destination: { host: name, port: { number: 80 } } }], retries: { attempts: 2 } }],
      },
    };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: { name },
    spec: { parentRefs: [{ name: 'public' }], hostnames: ['app.example'], rules: [{ backendRefs: refs }] },
  };
};

/** A failure that lasts occurs at each try. */
const TRIES = 3;

/**
 * Runs a command that applies, and runs it again if it came between two writes of Sluice: if the route is
 * applied directly after a new template, it resets the weight at that moment (docs/gitops.md).
 */
export async function applied(apply: () => Promise<Ran>): Promise<Ran> {
  for (let tries = 1; ; tries++) {
    const ran = await apply();
    if (ran.code === 0 || tries === TRIES || !ran.out.includes('conflict with "sluice"')) return ran;
  }
}

/** All objects of one app as its author writes them: Deployment, Service and a route of that kind. */
export function manifests(kind: RouteKind, name: string, version: number): KubeObject[] {
  const labels = { app: name };
  const container: JsonObject = {
    ...{ name: 'app', image: image(version), command: ['sleep', 'infinity'] },
    ports: [{ containerPort: 8080 }],
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, annotations: { 'sluice.dev/policy': 'by-hand' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [container], terminationGracePeriodSeconds: 0 },
        },
      },
    },
    route(kind, name),
  ];
}

/** One app in its own namespace, whichever tool applies it. */
export class App {
  readonly #lane: Lane;
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name = 'web';

  constructor(lane: Lane, kind: RouteKind, namespace: string) {
    this.#lane = lane;
    this.kind = kind;
    this.namespace = namespace;
  }

  async prepare(): Promise<void> {
    await this.#lane.namespace(this.namespace);
    const inside = ({ metadata, ...rest }: KubeObject): KubeObject => ({
      ...rest,
      metadata: { ...metadata, namespace: this.namespace },
    });
    await this.#lane.apply(RULES.map(inside));
  }

  /** runs `sluice ORDER deployment/web` */
  async order(order: string): Promise<void> {
    const { code, out } = await this.#lane.sluice(order, `deployment/${this.name}`, '-n', this.namespace);
    if (code !== 0) throw new Error(`sluice ${order} ended with ${code}: ${out}`);
  }

  async get(kind: string): Promise<KubeObject> {
    const args = ['get', kind, this.name, '-n', this.namespace, '-o', 'json', '--show-managed-fields'];
    return JSON.parse(await this.#lane.ok(args)) as KubeObject;
  }

  /** Every owner of a field of the route or of the Deployment. */
  async owners(): Promise<string> {
    const objects = [await this.get(this.kind), await this.get('Deployment')];
    return [...new Set(objects.flatMap(ownersOf))].sort().join(' ');
  }

  /**
   * Waits until the route names the canary with its share, and only this owner owns fields: that is the
   * second write. A tool that applies a route directly after its Deployment may come after the weight and
   * reset it. Sluice reports that and writes the weight again after it has judged a window, but here it
   * judges none.
   */
  async untilSplit(owner: string): Promise<void> {
    await eventually(async () => {
      const text = JSON.stringify((await this.get(this.kind)).spec);
      const [owners, state] = [await this.owners(), await this.state()];
      const split = text.includes(`"weight":${WEIGHT}`) || state.startsWith('Progressing/RouteContested');
      if (!split || owners !== owner) throw new Error(`${state}: ${text}, owned by ${owners}`);
    });
  }

  /** Waits until the newest release is in that phase, "Phase/Reason". */
  async until(phase: RegExp): Promise<void> {
    await eventually(async () => {
      const state = await this.state();
      if (!phase.test(state)) throw new Error(`it is ${state} and not ${String(phase)}`);
    });
  }

  /** The states of all its releases, newest first. */
  async state(): Promise<string> {
    const releases = newestFirst(await this.#lane.list('releases', this.namespace));
    return releases
      .map(({ status }) => `${getString(status, 'phase') ?? ''}/${getString(status, 'reason') ?? ''}`)
      .join(' ');
  }

  async image(): Promise<string> {
    const { spec } = await this.get('Deployment');
    const [container] = getObjects(spec, 'template', 'spec', 'containers');
    return getString(container, 'image') ?? '';
  }
}
