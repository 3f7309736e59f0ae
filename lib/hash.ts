const OFFSET = 0x811c9dc5;

/** A 32-bit number from a text (FNV-1a over its UTF-16 units): it spreads well, but is not a cryptographic hash. */
export function fnv1a(text: string, offset: number = OFFSET): number {
  let value = offset;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
