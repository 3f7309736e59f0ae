import type { JsonObject } from '../../../lib/json.ts';
import type { KayentaSettings } from '../../template.ts';
import { Fields, complain, type Read } from '../../../lib/schema/fields.ts';
import { groupName } from '../group-name.ts';
import { boolean, list, number, oneOf, refuseDuplicates } from '../../../lib/schema/read.ts';

/** The fields of `series` that only the kayenta method has. */
export const KAYENTA_FIELDS = [
  'outlierFactor',
  'confidence',
  'tolerance',
  'effect',
  'mustHaveData',
  'groups',
  'compat',
] as const satisfies readonly (keyof KayentaSettings)[];

type Effect = KayentaSettings['effect'];
type Measure = Effect['measure'];

/** Of Kayenta itself; with `compat: kayenta` nothing else applies. */
const CONFIDENCE = 0.98;
const TOLERANCE = 0.25;
const MAX_GROUPS = 20;

/** The value that gates nothing, and the largest one. */
const SCALES: Readonly<Record<Measure, { none: number; max: number }>> = {
  meanRatio: { none: 1, max: 1e6 },
  cles: { none: 0.5, max: 1 },
};

const noEffect = (measure: Measure): Effect => {
  const { none } = SCALES[measure];
  return {
    measure,
    allowedIncrease: none,
    allowedDecrease: none,
    criticalIncrease: none,
    criticalDecrease: none,
  };
};

export const defaultKayenta = (): KayentaSettings => ({
  confidence: CONFIDENCE,
  tolerance: TOLERANCE,
  effect: noEffect('meanRatio'),
  mustHaveData: false,
  groups: [],
  compat: 'none',
});

const readEffect: Read<Effect> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const measure = fields.has('measure')
    ? fields.optional('measure', oneOf(['meanRatio', 'cles']))
    : 'meanRatio';
  if (measure === undefined) return undefined;
  const { none, max } = SCALES[measure];
  const increase = number({ min: none, max });
  const decrease = number({ min: 0, max: none });
  const effect: Effect = {
    measure,
    allowedIncrease: fields.withDefault('allowedIncrease', increase, none),
    allowedDecrease: fields.withDefault('allowedDecrease', decrease, none),
    criticalIncrease: fields.withDefault('criticalIncrease', increase, none),
    criticalDecrease: fields.withDefault('criticalDecrease', decrease, none),
  };
  fields.end();
  return effect;
};

const readGroups: Read<string[]> = (value, place) => {
  const groups = list(groupName, MAX_GROUPS)(value, place);
  refuseDuplicates(groups ?? [], place);
  return groups;
};

export function readKayenta(fields: Fields): KayentaSettings {
  const base = defaultKayenta();
  const outlierFactor = fields.optional('outlierFactor', number({ min: 0, max: 100 }));
  const settings: KayentaSettings = {
    ...(outlierFactor === undefined ? {} : { outlierFactor }),
    confidence: fields.withDefault('confidence', number({ min: 0.5, max: 0.9999 }), base.confidence),
    tolerance: fields.withDefault('tolerance', number({ min: 0, max: 1 }), base.tolerance),
    effect: fields.withDefault('effect', readEffect, base.effect),
    mustHaveData: fields.withDefault('mustHaveData', boolean, base.mustHaveData),
    groups: fields.withDefault('groups', readGroups, base.groups),
    compat: fields.withDefault('compat', oneOf(['none', 'kayenta']), base.compat),
  };
  if (settings.compat === 'kayenta') refuseImproved(fields, settings, base);
  return settings;
}

/** Kayenta reads these two settings and then uses its own values. */
function refuseImproved(fields: Fields, settings: KayentaSettings, base: KayentaSettings): void {
  for (const name of ['confidence', 'tolerance'] as const) {
    if (settings[name] === base[name]) continue;
    const message = `has no effect with compat kayenta, which uses ${base[name]}`;
    complain(fields.at(name), settings[name], message, 'remove it, or remove compat');
  }
}

export function writeKayenta(settings: KayentaSettings): JsonObject {
  return { ...settings, effect: { ...settings.effect }, groups: [...settings.groups] };
}
