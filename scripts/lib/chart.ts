import { format } from 'prettier';
import { Document, isMap, isPair, isScalar, visit, type YAMLMap } from 'yaml';
import type { Json, JsonObject } from '../../lib/json.ts';
import { closed, isValue, VALUES, type Values } from './chart-values.ts';
import { STYLE, withTable } from './pages.ts';

const CHART = 'manifests/chart';
const HEAD = ' Written by `npm run generate` from scripts/lib/chart-values.ts.';

/** Files of the repository that list the values of the chart, and their wanted content. */
export async function writtenChart(read: (path: string) => string): Promise<Record<string, string>> {
  const page = `${CHART}/README.md`;
  return {
    [`${CHART}/values.yaml`]: await format(valuesYaml(), { parser: 'yaml', ...STYLE }),
    [`${CHART}/values.schema.json`]: await format(JSON.stringify(SCHEMA), { parser: 'json', ...STYLE }),
    [page]: await withTable(read(page), 'values', [['value', 'default', 'meaning'], ...rows(VALUES, '')]),
  };
}

const SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'values of the chart sluice',
  ...closed({ ...properties(VALUES), global: { type: 'object' } }),
};

function properties(values: Values): JsonObject {
  const entries = Object.entries(values).map(([name, each]): [string, Json] => [
    name,
    isValue(each) ? { description: each.meaning, ...each.shape } : closed(properties(each)),
  ]);
  return Object.fromEntries(entries);
}

function defaults(values: Values): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, each]): [string, Json] => [
      name,
      isValue(each) ? each.fallback : defaults(each),
    ]),
  );
}

function valuesYaml(): string {
  const document = new Document(defaults(VALUES), { aliasDuplicateObjects: false });
  document.commentBefore = HEAD;
  visit(document, { Seq: (_, list) => void (list.flow = list.items.every(isScalar)) });
  if (isMap(document.contents)) explain(document.contents, VALUES);
  return document.toString({ lineWidth: 0 });
}

/** Puts its meaning above every value. */
function explain(map: YAMLMap, values: Values): void {
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const each = values[String(pair.key.value)];
    if (each === undefined) continue;
    if (isValue(each)) pair.key.commentBefore = ` ${each.meaning}`;
    else if (isMap(pair.value)) explain(pair.value, each);
  }
}

const rows = (values: Values, path: string): string[][] =>
  Object.entries(values).flatMap(([name, each]) =>
    isValue(each)
      ? [[`\`${path}${name}\``, `\`${JSON.stringify(each.fallback)}\``, each.meaning]]
      : rows(each, `${path}${name}.`),
  );
