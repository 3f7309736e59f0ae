import type { KubeObject } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { shippedCommon, shippedIn, shippedObjects, shippedPolicies } from '../../controller/hold/shipped.ts';
import {
  arrayOrEmpty,
  asObject,
  equalJson,
  getObject,
  getObjects,
  getString,
  type Json,
  type JsonObject,
} from '../../lib/json.ts';
import type { HoldMode } from '../../release/model.ts';
import { kindKey, type Cluster } from './cluster.ts';
import { titleOf } from './kinds.ts';

/** What the flags of `sluice install` say; absent: as it is installed, else as it is shipped. */
export interface Wanted {
  image?: string | undefined;
  /** values of the controller's --prometheus */
  prometheus: readonly string[];
  /** base URLs of all its end points, which the NetworkPolicy lets it reach */
  urls: readonly string[];
}

export interface Installation {
  /** in the order in which they are applied */
  objects: KubeObject[];
  /** objects of another choice, which this cluster may still have */
  obsolete: KubeObject[];
  /** which policies hold changes; undefined: the server has none */
  hold: HoldMode | undefined;
  /** roles that are not bound, because the server has none of their kinds */
  unbound: string[];
}

/**
 * The shipped manifests as this cluster gets them: those of manifests/deploy/overlays/cluster-wide with the policies
 * that it can use, and without the rights that it cannot use.
 */
export function installationFor(cluster: Cluster, wanted: Wanted): Installation {
  const hold =
    cluster.mutating !== undefined ? 'admission' : cluster.validating === undefined ? undefined : 'pause';
  const { bound, unbound } = bindings(cluster);
  const served = (policies: readonly KubeObject[]): KubeObject[] =>
    policies.flatMap((policy) => asServed(policy, cluster));
  const policies = hold === undefined ? [] : [...shippedCommon(), ...shippedPolicies(hold)];
  return {
    objects: inOrder({
      bindings: bound,
      policies: served(policies),
      controller: controller(cluster, wanted),
    }),
    obsolete: [...unbound, ...served(shippedPolicies(hold === 'admission' ? 'pause' : 'admission'))],
    hold,
    unbound: unbound.map(({ metadata }) => metadata.name),
  };
}

/** Every object that an installation of this version may have, in the order of the installation. */
export function everyShipped(): KubeObject[] {
  return inOrder({
    bindings: rbac('cluster-wide'),
    policies: [...shippedCommon(), ...shippedPolicies('pause'), ...shippedPolicies('admission')],
    controller: shippedController(),
  });
}

interface Parts {
  bindings: readonly KubeObject[];
  policies: readonly KubeObject[];
  controller: readonly KubeObject[];
}

const inOrder = ({ bindings, policies, controller }: Parts): KubeObject[] => [
  ...shippedIn('manifests/crds'),
  ...shippedObjects('manifests/deploy/base/namespace.yaml'),
  ...['account', 'clusterrole', 'role', 'people', 'bindings'].flatMap(rbac),
  ...bindings,
  ...policies,
  ...controller,
];

const rbac = (name: string): KubeObject[] => shippedObjects(`manifests/rbac/${name}.yaml`);

/** A role for targets is bound where the server has one of its kinds: the others come when they are installed again. */
function bindings({ served }: Cluster): { bound: KubeObject[]; unbound: KubeObject[] } {
  const roles = new Map(rbac('clusterrole').map((role) => [role.metadata.name, role]));
  const isOfUse = (binding: KubeObject): boolean =>
    getObjects(roles.get(getString(binding, 'roleRef', 'name') ?? ''), 'rules').some((rule) =>
      texts(rule, 'apiGroups').some((group) =>
        texts(rule, 'resources').some((plural) => served.has(kindKey({ group, plural }))),
      ),
    );
  const all = rbac('cluster-wide');
  return { bound: all.filter(isOfUse), unbound: all.filter((each) => !isOfUse(each)) };
}

const texts = (rule: JsonObject, field: string): string[] =>
  arrayOrEmpty(rule, field).filter((each) => typeof each === 'string');

/** The policy in the version that the server has; [] if it has none. */
function asServed(policy: KubeObject, { mutating, validating }: Cluster): KubeObject[] {
  const version = policy.kind.startsWith('Mutating') ? mutating : validating;
  return version === undefined ? [] : [{ ...policy, apiVersion: `admissionregistration.k8s.io/${version}` }];
}

function controller(cluster: Cluster, wanted: Wanted): KubeObject[] {
  const shipped = shippedController();
  for (const object of shipped) {
    if (object.kind === 'Deployment') configure(object, wanted);
    if (object.kind === 'NetworkPolicy') open(object, cluster, wanted);
  }
  return shipped;
}

/** The controller's objects; the Deployment is the last, so that nothing runs before all else is there. */
const shippedController = (): KubeObject[] =>
  shippedObjects('manifests/deploy/base/controller.yaml').toSorted((a, b) => rank(a) - rank(b));

const rank = ({ kind }: KubeObject): number => (kind === 'Deployment' ? 1 : 0);

function configure(deployment: KubeObject, { image, prometheus }: Wanted): void {
  const [container] = getObjects(deployment.spec, 'template', 'spec', 'containers');
  if (container === undefined) throw new Error(`${titleOf(deployment)} has no container`);
  if (image !== undefined) container['image'] = image;
  const args = arrayOrEmpty(container, 'args');
  container['args'] = [...args, ...prometheus.map((each) => `--prometheus=${each}`)];
}

/** Adds the ways to this API server and to these end points, where the shipped rules do not have them. */
function open({ spec = {} }: KubeObject, { ports }: Cluster, { urls }: Wanted): void {
  const egress = arrayOrEmpty(spec, 'egress');
  const toServer = egress.find((rule) => getObject(rule)?.['to'] === undefined);
  const known = arrayOrEmpty(toServer, 'ports');
  const more = ports.filter((port) => !known.some((each) => getObject(each)?.['port'] === port));
  const server = asObject(toServer);
  if (server !== undefined) server['ports'] = [...known, ...more.map(tcp)];
  const ways = urls.map((url) => way(new URL(url)));
  spec['egress'] = [...egress, ...ways.filter((each) => !egress.some((rule) => equalJson(rule, each)))];
}

const tcp = (port: number): Json => ({ port, protocol: 'TCP' });

/** "prometheus.monitoring", "prometheus.monitoring.svc.cluster.local": a Service of that namespace. */
const SERVICE = /^[a-z0-9][-a-z0-9]*\.([a-z0-9][-a-z0-9]*)(\.svc(\..+)?)?$/;

function way({ hostname, port, protocol }: URL): Json {
  const ports = [tcp(Number(port || (protocol === 'https:' ? 443 : 80)))];
  const namespace = SERVICE.exec(hostname)?.[1];
  const here = hostname.includes('.') ? undefined : HOME.namespace;
  const name = namespace ?? here;
  if (name === undefined) return { ports };
  const matchLabels = { 'kubernetes.io/metadata.name': name };
  return { to: [{ namespaceSelector: { matchLabels } }], ports };
}
