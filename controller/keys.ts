import type { Key } from '../release/model.ts';

/** "namespace/name": how a target is written in the queue, in logs and on the board of measurements. */
export function keyText(key: Key): string {
  return `${key.namespace}/${key.name}`;
}

export function parseKey(text: string): Key {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
