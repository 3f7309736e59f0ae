/** Names one target. */
export interface TargetName {
  namespace: string;
  name: string;
}

/** A target in one word: what a map is keyed by, and how logs name it. Neither part has a slash of its own. */
export type TargetKey = `${string}/${string}`;

export function targetKey({ namespace, name }: TargetName): TargetKey {
  return `${namespace}/${name}`;
}

export function targetName(key: TargetKey): TargetName {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
