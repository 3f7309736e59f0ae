import { format } from 'prettier';
import { Document, isScalar, visit } from 'yaml';
import { GROUP, HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { RIGHTS, type Grant } from '../../release/rights.ts';
import { STYLE, withTable } from './pages.ts';
import { BOUND, CUTS, FOR_TARGETS, PEOPLE, type Cut, type People } from './roles.ts';

/** Files of the repository with the rights of the controller and of people, and their wanted content. */
export async function writtenRights(read: (path: string) => string): Promise<Record<string, string>> {
  const inCluster = CUTS.filter(({ bound }) => bound !== 'home');
  const atHome = CUTS.filter(({ bound }) => bound === 'home');
  const forTargets = bindings(CUTS.filter(({ bound }) => bound === 'targets'));
  return {
    [`${FOLDER}/clusterrole.yaml`]: await yaml(inCluster.map(role)),
    [`${FOLDER}/role.yaml`]: await yaml([...atHome.map(role), AT_WORK]),
    [`${FOLDER}/bindings.yaml`]: await yaml(
      bindings(CUTS.filter(({ bound }) => bound === 'everywhere' || bound === 'home')),
    ),
    [`${FOLDER}/cluster-wide.yaml`]: await yaml(forTargets),
    [`${FOLDER}/people.yaml`]: await yaml(PEOPLE.map(roleOfPeople)),
    'manifests/deploy/overlays/cluster-wide/bindings.yaml': await yaml(forTargets),
    'manifests/deploy/namespace/bindings.yaml': await yaml(FOR_TARGETS.map(inOneNamespace)),
    [PAGE]: await page(read(PAGE)),
  };
}

const FOLDER = 'manifests/rbac';
const PAGE = 'docs/operations.md';
const GROUP_OF_ROLES = 'rbac.authorization.k8s.io';
const V1 = `${GROUP_OF_ROLES}/v1`;
const LABELS = { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/component': 'rbac' };
const ACCOUNT = { kind: 'ServiceAccount', name: 'sluice', namespace: HOME.namespace };

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

function role({ name, what, bound, grants }: Cut): object {
  const home = bound === 'home';
  return {
    apiVersion: V1,
    kind: home ? 'Role' : 'ClusterRole',
    metadata: {
      name,
      ...(home ? { namespace: HOME.namespace } : {}),
      labels: { ...LABELS, [BOUND]: bound.replace(' ', '-') },
      annotations: { 'kubernetes.io/description': what },
    },
    rules: together(grants),
  };
}

/** For people whose commands have to say whether a controller is running. */
const AT_WORK = {
  apiVersion: V1,
  kind: 'Role',
  metadata: { name: 'sluice-at-work', namespace: HOME.namespace, labels: LABELS },
  rules: [
    {
      apiGroups: [RESOURCES.leases.group],
      resources: [RESOURCES.leases.plural],
      resourceNames: [HOME.lease],
      verbs: ['get'],
    },
  ],
};

const roleOfPeople = ({ name, what, joins, rules }: People): object => ({
  apiVersion: V1,
  kind: 'ClusterRole',
  metadata: {
    name,
    labels: {
      ...LABELS,
      ...Object.fromEntries(joins.map((each) => [`${GROUP_OF_ROLES}/aggregate-to-${each}`, 'true'])),
    },
    annotations: { 'kubernetes.io/description': what },
  },
  rules: rules.map(({ resources, verbs }) => ({ apiGroups: [GROUP], resources, verbs })),
});

const bindings = (cuts: readonly Cut[]): object[] =>
  cuts.map(({ name, bound }) =>
    bound === 'home'
      ? binding('RoleBinding', { kind: 'Role', name }, HOME.namespace)
      : binding('ClusterRoleBinding', { kind: 'ClusterRole', name }),
  );

/** The object gets the namespace to which it is applied. */
const inOneNamespace = (name: string): object => binding('RoleBinding', { kind: 'ClusterRole', name });

const binding = (kind: string, role: { kind: string; name: string }, namespace?: string): object => ({
  apiVersion: V1,
  kind,
  metadata: { name: role.name, ...(namespace === undefined ? {} : { namespace }), labels: LABELS },
  roleRef: { apiGroup: GROUP_OF_ROLES, ...role },
  subjects: [ACCOUNT],
});

/** Kinds of one group that need the same verbs share a rule. */
function together(grants: readonly Grant[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { resource, name, verbs, ...grant } of grants) {
    const key = JSON.stringify([resource.group, name, verbs]);
    const rule = rules.get(key) ?? {
      ...{ apiGroups: [resource.group], resources: [] },
      ...(name === undefined ? {} : { resourceNames: [name] }),
      verbs: [...verbs],
    };
    rule.resources.push(nameOf({ resource, ...grant }));
    rules.set(key, rule);
  }
  return [...rules.values()];
}

const nameOf = ({ resource, subresource }: Pick<Grant, 'resource' | 'subresource'>): string =>
  subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;

const HEAD =
  '# The rights of docs/operations.md, Permissions. Written by `npm run generate` from release/rights.ts and scripts/lib/roles.ts.\n';

const yaml = (objects: readonly object[]): Promise<string> =>
  format(HEAD + objects.map((each) => onShortLines(each)).join('---\n'), { parser: 'yaml', ...STYLE });

/** Lists of names are written on one line if they fit. */
function onShortLines(object: object): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  visit(document, { Seq: (_, list) => void (list.flow = list.items.every(isScalar)) });
  return document.toString();
}

const WHERE: Record<Grant['where'], string> = {
  targets: '',
  home: `in \`${HOME.namespace}\`: `,
  attached: 'per namespace: ',
};

async function page(text: string): Promise<string> {
  const rows = RIGHTS.map(({ name, where, purpose, ...right }) => [
    right.resource.group === '' ? 'core' : right.resource.group,
    name === undefined ? nameOf(right) : `${nameOf(right)}, \`${name}\` alone`,
    right.verbs.join(', '),
    `${WHERE[where]}${purpose}`,
  ]);
  const withRights = await withTable(text, 'rights', [['group', 'resource', 'verbs', 'what for'], ...rows]);
  return withTable(withRights, 'roles', [['role', 'what', 'bound'], ...rowsOfRoles()]);
}

const HOW: Record<Cut['bound'], string> = {
  everywhere: 'ClusterRoleBinding',
  targets: 'ClusterRoleBinding, or RoleBindings in the namespaces of targets',
  'by hand': 'RoleBinding, by you',
  home: `RoleBinding in \`${HOME.namespace}\``,
};

const rowsOfRoles = (): string[][] => [
  ...CUTS.map(({ name, what, bound }) => [`\`${name}\``, what, HOW[bound]]),
  ...PEOPLE.map(({ name, what, joins }) => {
    return [`\`${name}\``, `people: ${what}`, `joins ${joins.map((each) => `\`${each}\``).join(', ')}`];
  }),
];
