import type { JsonObject } from '../../../lib/json.ts';
import type { ErrorRateQueries, LatencyQueries } from '../../template.ts';
import { Fields, complain, type Read } from '../../../lib/schema/fields.ts';
import { oneOf } from '../../../lib/schema/read.ts';

export const PRESETS = [
  'auto',
  'gateway',
  'nginx',
  'istio',
  'linkerd',
  'linkerd-route',
  'envoy-gateway',
  'envoy-gateway-grpc',
  'cilium',
  'cilium-grpc',
  'contour',
  'contour-grpc',
  'kgateway',
  'traefik',
  'traefik-nginx',
  'replicas',
] as const;

/** Where the numbers of both arms come from. */
export type Source<Q> = { preset: string } | { queries: { canary: Q; stable: Q } };

/** The queries of one arm. */
export interface QueryFields<Q> {
  /** the fields they stand in */
  names: readonly string[];
  read: (fields: Fields) => Q | undefined;
}

/**
 * One set of queries for both arms (rendered with each arm's variables), a set for each arm, or a preset; exactly one of them,
 * and without any the preset `auto`.
 */
export function readSource<Q extends object>(
  fields: Fields,
  { names, read }: QueryFields<Q>,
): Source<Q> | undefined {
  const given = ['preset', 'canary', 'stable', ...names].filter((name) => fields.has(name));
  const preset = given.includes('preset');
  const perArm = given.includes('canary') || given.includes('stable');
  const shared = names.some((name) => given.includes(name));
  if (Number(preset) + Number(perArm) + Number(shared) > 1) {
    const remedy = 'give only preset, or only queries';
    return complain(fields.place, given, 'mixes several ways to count requests', remedy);
  }
  if (shared) {
    const queries = read(fields);
    return queries && { queries: { canary: queries, stable: { ...queries } } };
  }
  if (!perArm) return { preset: fields.withDefault('preset', oneOf(PRESETS), 'auto') };
  const readArm: Read<Q> = (value, place) => {
    const own = Fields.open(value, place);
    const queries = own && read(own);
    own?.end();
    return queries;
  };
  const wanted = names.join(' and ');
  const canary = fields.required('canary', readArm, `give ${wanted} for the canary`);
  const stable = fields.required('stable', readArm, `give ${wanted} for the stable version`);
  return canary && stable && { queries: { canary, stable } };
}

type ArmQueries = ErrorRateQueries | LatencyQueries;

export function writeSource(source: {
  preset?: string;
  queries?: { canary: ArmQueries; stable: ArmQueries };
}): JsonObject {
  const { queries, preset } = source;
  if (queries === undefined) return { preset: preset ?? 'auto' };
  return { canary: { ...queries.canary }, stable: { ...queries.stable } };
}
