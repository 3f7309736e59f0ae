import type { Member, Schema } from './schema.ts';

/** What people read about a field. */
export interface Row {
  /** like `steps[].weight` */
  path: string;
  type: string;
  fallback: string;
  meaning: string;
}

/** A row for every field of a schema, the fields of a field behind it. */
export function rowsOf({ below }: Schema<unknown>, before = ''): Row[] {
  if (below === undefined) return [];
  const { path: joint, members } = below;
  const start = before === '' ? '' : `${before}${joint}`;
  return members.flatMap((member) => [rowOf(member, start), ...rowsOf(member.schema, start + member.name)]);
}

function rowOf({ name, schema, doc, fallback = '', required }: Member, start: string): Row {
  return { path: start + name, type: schema.type, fallback: required ? 'required' : fallback, meaning: doc };
}
