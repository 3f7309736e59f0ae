import { format } from 'prettier';
import { Document, isScalar, visit } from 'yaml';
import { KINDS, type Kind } from '../../api/kinds/kinds.ts';
import type { JsonObject } from '../../lib/json.ts';
import { rowsOf } from '../../lib/schema/reference.ts';
import type { Schema } from '../../lib/schema/schema.ts';
import { STYLE, withTable } from './pages.ts';

/** Files of the repository that are written from api/kinds, and their wanted content. */
export async function writtenKinds(read: (path: string) => string): Promise<Record<string, string>> {
  const files = KINDS.map(async (kind) => [
    [`manifests/crds/${kind.resource.plural}.yaml`, await crd(kind)],
    [kind.page, await page(kind, read(kind.page))],
  ]);
  return Object.fromEntries((await Promise.all(files)).flat()) as Record<string, string>;
}

const HEAD = '# Written by `npm run generate` from api/kinds.\n';

function crd(kind: Kind): Promise<string> {
  const document = new Document(definition(kind), { aliasDuplicateObjects: false });
  visit(document, { Seq: (_, list) => void (list.flow = list.items.every(isScalar)) });
  return format(HEAD + document.toString({ lineWidth: 0 }), { parser: 'yaml', ...STYLE });
}

function definition({ resource, columns, ...kind }: Kind): JsonObject {
  const { group, version, plural, kind: name } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/name': 'sluice' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: name,
        listKind: `${name}List`,
        plural,
        singular: name.toLowerCase(),
        categories: ['sluice'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(kind.status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: [
            ...columns.map((column) => ({ ...column })),
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: { openAPIV3Schema: whole(kind) },
        },
      ],
    },
  };
}

function whole({ description, spec, status }: Pick<Kind, 'description' | 'spec' | 'status'>): JsonObject {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: spec.shape,
      ...(status === undefined ? {} : { status: status.shape }),
    },
  };
}

function page({ resource, spec, status }: Kind, text: string): Promise<string> {
  const parts: [string, Schema<unknown>][] = [['spec', spec]];
  if (status !== undefined) parts.push(['status', status]);
  const rows = parts.flatMap(([name, schema]) => rowsOf(schema, status === undefined ? '' : name));
  return withTable(text, `fields of ${resource.kind}`, [
    ['field', 'type', 'default', 'meaning'],
    ...rows.map(({ path, type, fallback, meaning }) => [`\`${path}\``, type, fallback, meaning]),
  ]);
}
