import { LABEL } from '../api/names.ts';

/** Limit of Service names and label values; kept for every name, so that one rule serves all. */
const LIMIT = 63;
const HASH_LENGTH = 5;
/** no vowels, no look-alikes: a hash never spells a word */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a over UTF-16 units. It only keeps names apart; it guards nothing. */
export function hash5(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  let out = '';
  for (let i = 0; i < HASH_LENGTH; i++) {
    out += ALPHABET[hash % ALPHABET.length] ?? '';
    hash = Math.floor(hash / ALPHABET.length);
  }
  return out;
}

/** `base` + `suffix` if that is a DNS label; else cut and made one, with a hash of the whole in front of the suffix. */
export function dnsLabel(base: string, suffix: string): string {
  const whole = `${base}${suffix}`;
  if (whole.length <= LIMIT && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(whole)) return whole;
  return hashedLabel(base, suffix, whole);
}

/** A DNS label that always carries a hash of `identity`, for names that two pairs of names could share. */
export function hashedLabel(base: string, suffix: string, identity: string): string {
  const room = LIMIT - suffix.length - HASH_LENGTH - 1;
  const label = base
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '');
  const head = label.slice(0, room).replace(/-+$/, '');
  return `${head === '' ? 'x' : head}-${hash5(identity)}${suffix}`;
}

/** A name as a label value: unchanged where it fits, else cut, with a hash. */
export function labelValue(name: string): string {
  if (name.length <= LIMIT) return name;
  return `${name.slice(0, LIMIT - HASH_LENGTH - 1).replace(/[^A-Za-z0-9]+$/, '')}-${hash5(name)}`;
}

/** The labels on everything Sluice makes. */
export function ownLabels(target: string, release: string): Record<string, string> {
  return {
    [LABEL.target]: labelValue(target),
    [LABEL.release]: labelValue(release),
    [LABEL.managedBy]: 'sluice',
  };
}

/** Was this object made by Sluice for that target? Decided by our labels, never by a name. */
export function isMadeFor(
  target: string,
  object: { metadata: { labels?: Record<string, string> } },
): boolean {
  const labels = object.metadata.labels ?? {};
  return labels[LABEL.target] === labelValue(target) && labels[LABEL.managedBy] === 'sluice';
}
