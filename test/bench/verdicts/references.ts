import type { FamilyId } from './families.ts';

/**
 * Results from before the design was built, by an independent simulation in another language and with other
 * seeds: share of healthy releases rolled back in percent, share of canaries with twice the errors found
 * within the hour in percent, and their mean minutes.
 */
type Reference = readonly [alarms: number, found: number, minutes: number];

const FAMILIES: readonly FamilyId[] = [
  'iid',
  'bb3',
  'bb10',
  'nb5',
  'ar3',
  'ar5',
  'ar9',
  'mmpp',
  'shared',
  'podfx',
  'rare',
  'small',
];

function byFamily(rows: readonly Reference[]): Partial<Record<FamilyId, Reference>> {
  const found: Partial<Record<FamilyId, Reference>> = {};
  for (const [i, family] of FAMILIES.entries()) {
    const row = rows[i];
    if (row !== undefined) found[family] = row;
  }
  return found;
}

export const REFERENCES = {
  '19': byFamily([
    [0.3, 100, 3.2],
    [0.2, 100, 9.5],
    [0.3, 96, 25],
    [0.3, 100, 15],
    [1.5, 85, 29],
    [1.4, 81, 32],
    [4.3, 46, 45],
    [1.9, 100, 21],
    [0.1, 100, 3.5],
    [2.1, 98, 8.8],
    [2.5, 100, 7],
    [2.5, 100, 11],
  ]),
  '4': byFamily([
    [0.2, 100, 3.9],
    [0.1, 100, 12.9],
    [0.3, 88, 33],
    [0.3, 99, 21],
    [1.5, 77, 33],
    [0.7, 69, 37],
    [3.8, 39, 47],
    [2.6, 98, 24],
    [0, 100, 4.5],
    [2.4, 97, 11],
    [1.4, 100, 8.4],
    [1.9, 100, 12],
  ]),
  '4-young': byFamily([
    [0.2, 100, 5.1],
    [0.1, 100, 15.1],
    [0.1, 71, 40],
    [0.1, 97, 25],
    [1.2, 66, 37],
    [0.6, 57, 41],
    [3.9, 30, 49],
    [3.4, 87, 29],
    [0.1, 100, 5],
    [1.9, 94, 14],
    [2.2, 100, 8.2],
    [3.8, 99, 13],
  ]),
  withoutPods: byFamily([
    [0.1, 100, 3.9],
    [0.4, 100, 9.6],
    [0.5, 92, 28],
    [0.2, 100, 16],
    [5.2, 90, 21],
    [2.9, 81, 29],
    [16.9, 68, 30],
    [7.6, 43, 44],
    [0, 100, 9.1],
    [4.6, 99, 6],
  ]),
} as const satisfies Record<string, Partial<Record<FamilyId, Reference>>>;

export type ReferenceId = keyof typeof REFERENCES;

export function alarmsReference(id: ReferenceId, family: FamilyId): string {
  const row = REFERENCES[id][family];
  return row === undefined ? '–' : `${row[0]}%`;
}

export function detectionReference(id: ReferenceId, family: FamilyId): string {
  const row = REFERENCES[id][family];
  if (row === undefined) return '–';
  return row[1] === 100 ? `${row[2]} min` : `${row[2]} min (${row[1]}%)`;
}
