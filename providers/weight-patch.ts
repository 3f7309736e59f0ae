import { equalJson } from '../api/json.ts';
import type { JsonObject, JsonPatchOp } from '../api/kube.ts';

/** Operations that turn the weighted destinations at `path` into `wanted`: one per weight, where nothing else differs. */
export function weightPatch(
  path: string,
  live: readonly JsonObject[],
  wanted: readonly JsonObject[],
): JsonPatchOp[] {
  const sameBut = (a: JsonObject, b: JsonObject) => equalJson({ ...a, weight: null }, { ...b, weight: null });
  const onlyWeights =
    live.length === wanted.length && live.every((each, i) => sameBut(each, wanted[i] ?? {}));
  if (!onlyWeights) return [{ op: 'replace', path, value: [...wanted] }];
  return wanted.flatMap(({ weight }, i): JsonPatchOp[] => {
    if (weight === live[i]?.['weight']) return [];
    const at = `${path}/${i}/weight`;
    // `add` sets an existing member too; `replace` would need it to be there.
    return [weight === undefined ? { op: 'remove', path: at } : { op: 'add', path: at, value: weight }];
  });
}
