import { describe, expect, it } from 'vitest';
import { isObject } from '../json.ts';
import { formatIssue } from '../result.ts';
import { parseWith } from './fields.ts';
import { dependent, fallback, object, optional, required } from './object.ts';
import { rowsOf } from './reference.ts';
import { boolean, count, duration, list, oneOf } from './scalars.ts';
import { defaultsOf } from './schema.ts';

const CUP = object({
  size: required(count(1, 9), { doc: 'How large.', remedy: 'give a size', aliases: ['volume'] }),
  lid: optional(boolean, 'With a lid.'),
});

/** Tea says how long it brews; water has no such field. */
const DRINK = dependent({ kind: fallback(oneOf(['tea', 'water']), 'tea', 'What it is.') }, ({ kind }) => ({
  draw: fallback(duration(), 180_000, 'How long it is drawn.', {
    ...(kind === 'water' ? { refused: { message: 'is not for water', remedy: 'remove it' } } : {}),
    rules: [{ rule: "!has(self.draw) || self.kind != 'water'", message: 'draw is not for water' }],
  }),
  cups: fallback(list(CUP, 4), [], 'The cups.', { shown: 'none' }),
}));

const issuesOf = (value: unknown) => {
  const parsed = parseWith(value, 'spec', DRINK.read);
  return parsed.ok ? [] : parsed.issues.map(formatIssue);
};

describe('a schema', () => {
  it('reads what is written, and writes what it reads', () => {
    const drink = { kind: 'tea' as const, drawMs: 90_000, cups: [{ size: 2, lid: true }, { size: 3 }] };
    const wire = { kind: 'tea', draw: '1m30s', cups: [{ size: 2, lid: true }, { size: 3 }] };
    expect(DRINK.write(drink)).toEqual(wire);
    expect(parseWith(wire, '', DRINK.read)).toEqual({ ok: true, value: drink });
    expect(defaultsOf(DRINK)).toEqual({ kind: 'tea', drawMs: 180_000, cups: [] });
  });

  it('does not write a field that has no place beside the others', () => {
    expect(DRINK.write({ kind: 'water', drawMs: 180_000, cups: [] })).toEqual({ kind: 'water', cups: [] });
  });

  it.each([
    { given: { kind: 'water', draw: '1m' }, want: ['spec.draw: "1m" is not for water; remove it'] },
    // A field is not refused where the field it depends on could not be read.
    {
      given: { kind: 'wter', draw: '1m' },
      want: ['spec.kind: "wter" is not known; did you mean water? Give one of tea, water'],
    },
    {
      given: { cups: [{ volume: 3 }] },
      want: [
        'spec.cups[0].size: is missing; give a size',
        'spec.cups[0].volume: 3 is in a field that does not exist; did you mean size?',
      ],
    },
  ])('tells of $given all that is wrong, and what to do', ({ given, want }) => {
    expect(issuesOf(given)).toEqual(want);
  });

  it('has a structural schema with rules at the object, and nothing empty in it', () => {
    expect(DRINK.shape).toMatchObject({
      type: 'object',
      'x-kubernetes-validations': [{ message: 'draw is not for water', fieldPath: '.draw' }],
      properties: {
        kind: { type: 'string', description: 'What it is. Default tea.', enum: ['tea', 'water'] },
        cups: { items: { required: ['size'] } },
      },
    });
    expect(hollow(DRINK.shape)).toEqual([]);
  });

  it('has a row for every field', () => {
    const rows = rowsOf(DRINK).map(({ path, fallback: text }) => [path, text]);
    expect(rows).toEqual([
      ['kind', 'tea'],
      ['draw', '3m'],
      ['cups', 'none'],
      ['cups[].size', 'required'],
      ['cups[].lid', ''],
    ]);
  });
});

/** Paths of what an API server would drop, so that a second apply would change something. */
function hollow(value: unknown, path = ''): string[] {
  const entries: [string, unknown][] =
    isObject(value) || Array.isArray(value) ? Object.entries(value) : [['', value]];
  if (value === null || value === undefined || entries.length === 0) return [path];
  if (!isObject(value) && !Array.isArray(value)) return [];
  return entries.flatMap(([key, item]) => hollow(item, `${path}.${key}`));
}
