import { format } from 'prettier';
import { Document, isScalar, visit } from 'yaml';
import { HOME } from '../../api/names.ts';
import { RIGHTS, type Grant } from '../../release/rights.ts';
import { STYLE, withTable } from './pages.ts';

/** Files of the repository that hold the rights of the controller, and what they should say. */
export async function writtenRights(read: (path: string) => string): Promise<Record<string, string>> {
  return {
    [CLUSTER_ROLE]: await yaml([role('sluice', 'targets'), role('sluice-proxies', 'attached')]),
    [ROLE]: await yaml([role('sluice', 'home')]),
    [PAGE]: await page(read(PAGE)),
  };
}

const CLUSTER_ROLE = 'manifests/rbac/clusterrole.yaml';
const ROLE = 'manifests/rbac/role.yaml';
const PAGE = 'docs/operations.md';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

function role(name: string, where: Grant['where']): object {
  const grants = RIGHTS.filter((each) => each.where === where);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    ...(where === 'home'
      ? { kind: 'Role', metadata: { name, namespace: HOME.namespace } }
      : { kind: 'ClusterRole', metadata: { name } }),
    rules: together(grants),
  };
}

/** Kinds of one group of which the same is needed share a rule. */
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
  '# The rights of docs/operations.md, Permissions. Written by `npm run generate` from release/rights.ts.\n';

const yaml = (objects: readonly object[]): Promise<string> =>
  format(HEAD + objects.map((each) => onShortLines(each)).join('---\n'), { parser: 'yaml', ...STYLE });

/** Lists of names stand on one line where they fit. */
function onShortLines(object: object): string {
  const document = new Document(object);
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
  return withTable(text, 'rights', [['group', 'resource', 'verbs', 'what for'], ...rows]);
}
