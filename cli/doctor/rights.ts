import type { JsonObject } from '../../lib/json.ts';
import type { Resource } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeError } from '../../kube/errors.ts';
import { arrayOrEmpty, getObjects } from '../../lib/json.ts';
import { mayBeAbsent, READ, RIGHTS, type Grant } from '../../release/rights.ts';
import { kindAsked } from '../check/rights.ts';
import type { Finding, Patient } from './finding.ts';

const RULES: Resource = {
  ...{ group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectrulesreviews' },
  ...{ kind: 'SelfSubjectRulesReview', namespaced: false },
};
/** So many namespaces with targets are asked about. */
const MOST = 10;
/** Without these no release can be made, whatever its back end. */
const ALWAYS: readonly Resource[] = [
  RESOURCES.deployments,
  RESOURCES.services,
  RESOURCES.releases,
  RESOURCES.events,
];

/** Whether the controller's account has the rights that a release needs: in its own namespace, and where targets are. */
export async function rights({ client, asController, targets }: Patient): Promise<Finding[]> {
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))].sort();
  const asked = namespaces.slice(0, MOST);
  const served = await servedOf(client);
  try {
    const home = await lackingIn(
      asController,
      HOME.namespace,
      RIGHTS.filter(({ where }) => where === 'home'),
    );
    const wanted = served.filter(({ where }) => where === 'targets');
    const there = await Promise.all(asked.map((each) => lackingIn(asController, each, wanted)));
    const found = [...home, ...there.flat()];
    const where = asked.length === 0 ? '' : `, and where targets are: ${asked.join(', ')}`;
    const rest =
      namespaces.length > asked.length ? ` (${namespaces.length - asked.length} more not asked)` : '';
    const fine = `the controller's account has its rights in ${HOME.namespace}${where}${rest}`;
    return found.length > 0 ? found : [{ check: 'rights', is: 'good', sentence: fine }];
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 403) throw error;
    return [
      {
        ...{ check: 'rights', is: 'note', sentence: `not checked: ${error.message}` },
        remedy: "run sluice doctor as a user who may impersonate the controller's service account",
      },
    ];
  }
}

/** The rights to kinds that this server has. */
async function servedOf(client: Patient['client']): Promise<Grant[]> {
  const has = await Promise.all(
    RIGHTS.map(async ({ resource }) => !mayBeAbsent(resource) || (await client.serves(resource))),
  );
  return RIGHTS.filter((_, index) => has[index]);
}

async function lackingIn(
  asController: Patient['client'],
  namespace: string,
  wanted: readonly Grant[],
): Promise<Finding[]> {
  const { resourceRules = [] } = await asController.review(RULES, { namespace });
  const rules = getObjects({ resourceRules }, 'resourceRules');
  return wanted.flatMap((grant): Finding[] => {
    const denied = grant.verbs.filter((verb) => !rules.some((rule) => allows(rule, grant, verb)));
    if (denied.length === 0) return [];
    const needed =
      grant.where === 'home' ||
      ALWAYS.includes(grant.resource) ||
      denied.some((verb) => READ.some((each) => each === verb));
    const sentence = `in namespace ${namespace} the controller may not ${denied.join(', ')} ${kindAsked(grant)} (${grant.purpose})`;
    const remedy =
      'sluice install, or bind the role of docs/operations.md, Permissions, that has it (kubectl apply -n NAMESPACE -k manifests/deploy/namespace)';
    return [{ check: 'rights', is: needed ? 'bad' : 'note', sentence, remedy }];
  });
}

function allows(rule: JsonObject, { resource, subresource, name }: Grant, verb: string): boolean {
  const has = (field: string, value: string): boolean => {
    const list = arrayOrEmpty(rule, field);
    return list.includes(value) || list.includes('*');
  };
  const names = arrayOrEmpty(rule, 'resourceNames');
  const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const named = names.length === 0 || (name !== undefined && names.includes(name));
  return named && has('verbs', verb) && has('apiGroups', resource.group) && has('resources', plural);
}
