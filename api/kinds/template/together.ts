import { equalJson, type JsonObject } from '../../../lib/json.ts';
import { shapeOf } from '../../../lib/schema/object.ts';
import type { Member, Schema } from '../../../lib/schema/schema.ts';

interface Entry {
  kind: string;
  member: Member;
}

/**
 * The fields of several kinds of metrics, as the fields of one object. Where kinds share a field, its texts say what
 * holds for which kind, and it has the choices of all of them.
 */
export function together(kinds: readonly { kind: string; members: readonly Member[] }[]): Member[] {
  const entries = kinds.flatMap(({ kind, members }) => members.map((member) => ({ kind, member })));
  return [...Map.groupBy(entries, ({ member }) => member.name)].map(([name, same]) => joined(name, same));
}

function joined(name: string, entries: readonly Entry[]): Member {
  const doc = perKind(
    entries.map(({ kind, member }) => ({ kind, text: member.doc })),
    (text, kind) => `${kind}: ${text}`,
  );
  const fallbacks = entries.map(({ kind, member }) => ({ kind, text: member.fallback ?? 'none' }));
  const fallback = perKind(fallbacks, (text, kind) => `${text} (${kind})`, ', ');
  const none = entries.every(({ member }) => member.fallback === undefined);
  return {
    name,
    doc,
    schema: schemaOf(entries),
    required: entries.every(({ member }) => member.required),
    ...(none ? {} : { fallback }),
  };
}

function perKind(
  each: readonly { kind: string; text: string }[],
  write: (text: string, kind: string) => string,
  between = ' ',
): string {
  const [first] = each;
  if (first === undefined || each.every(({ text }) => text === first.text)) return first?.text ?? '';
  return each.map(({ kind, text }) => write(text, kind)).join(between);
}

const typeOf = (entries: readonly Entry[]): string =>
  perKind(
    entries.map(({ kind, member }) => ({ kind, text: member.schema.type })),
    (text, kind) => `${text} (${kind})`,
    '; ',
  );

function schemaOf(entries: readonly Entry[]): Schema<unknown> {
  const schemas = entries.map(({ member }) => member.schema);
  const [first] = schemas;
  if (first === undefined) throw new Error('no field to join');
  if (schemas.every(({ shape }) => equalJson(shape, first.shape))) return { ...first, type: typeOf(entries) };
  if (first.below !== undefined) {
    const members = together(
      entries.map(({ kind, member }) => ({ kind, members: member.schema.below?.members ?? [] })),
    );
    return { ...first, shape: shapeOf(members), below: { ...first.below, members } };
  }
  const options = [
    ...new Set(schemas.flatMap(({ shape }) => (Array.isArray(shape.enum) ? shape.enum.map(String) : []))),
  ];
  if (!schemas.every(({ shape }) => equalJson(plain(shape), plain(first.shape))))
    throw new Error(
      `kinds of metrics disagree about ${entries[0]?.member.name ?? ''} in more than its choices`,
    );
  const type = options.map((each) => `\`${each}\``).join(', ');
  return { ...first, shape: { ...first.shape, enum: options }, type };
}

const plain = (shape: JsonObject): JsonObject => ({ ...shape, enum: [] });
