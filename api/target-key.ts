/** Names one target. */
export interface TargetName {
  namespace: string;
  name: string;
}

/** A target as one word: the key in maps, and its name in logs. Neither part contains a slash. */
export type TargetKey = `${string}/${string}`;

export function targetKey({ namespace, name }: TargetName): TargetKey {
  return `${namespace}/${name}`;
}

export function targetName(key: TargetKey): TargetName {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
