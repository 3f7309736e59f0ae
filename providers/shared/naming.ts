import { createHash } from 'node:crypto';
import type { ObjectMeta, OwnerReference } from '../../api/kube.ts';
import { LABEL } from '../../api/names.ts';

/** Limit of Service names and label values; used for every name, so that one rule fits all. */
const LIMIT = 63;
const HASH_LENGTH = 10;
/** no vowels and no look-alikes, so that a hash never spells a word */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** 47 bits of SHA-256: no one finds two names with the same hash by trying for an afternoon. */
export function shortHash(text: string): string {
  let rest = createHash('sha256').update(text).digest().readBigUInt64BE();
  let out = '';
  const radix = BigInt(ALPHABET.length);
  for (let i = 0; i < HASH_LENGTH; i++) {
    out += ALPHABET[Number(rest % radix)] ?? '';
    rest /= radix;
  }
  return out;
}

/**
 * `base` + `suffix` if that is a DNS label; otherwise shortened to one, with a hash of the whole before the
 * suffix.
 */
export function dnsLabel(base: string, suffix: string): string {
  const whole = `${base}${suffix}`;
  if (whole.length <= LIMIT && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(whole)) return whole;
  return hashedLabel(base, suffix, whole);
}

/** A DNS label that always has a hash of `identity`, for names that two pairs of names could share. */
export function hashedLabel(base: string, suffix: string, identity: string): string {
  const room = LIMIT - suffix.length - HASH_LENGTH - 1;
  const label = base
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '');
  const head = label.slice(0, room).replace(/-+$/, '');
  return `${head === '' ? 'x' : head}-${shortHash(identity)}${suffix}`;
}

/** A name as a label value: unchanged if it fits, otherwise shortened, with a hash. */
export function labelValue(name: string): string {
  if (name.length <= LIMIT) return name;
  return `${name.slice(0, LIMIT - HASH_LENGTH - 1).replace(/[^A-Za-z0-9]+$/, '')}-${shortHash(name)}`;
}

/** The labels on everything that Sluice makes. */
export function ownLabels(target: string, release: string): Record<string, string> {
  return {
    [LABEL.target]: labelValue(target),
    [LABEL.release]: labelValue(release),
    [LABEL.managedBy]: 'sluice',
  };
}

/** A Deployment for which Sluice makes objects: its name, and the uids under which it has owned some. */
export interface Maker {
  name: string;
  uids: readonly string[];
}

/** A live target, as the owner of what is made for it. */
export const makerOf = ({ metadata: { name, uid } }: { metadata: ObjectMeta }): Maker => ({
  name,
  uids: uid === undefined ? [] : [uid],
});

/** The same, from the input of a back end. */
export const makerIn = ({ target, owner }: { target: string; owner: OwnerReference }): Maker => ({
  name: target,
  uids: [owner.uid],
});

/**
 * Did Sluice make this object for that target? It has our labels, and the target owns it by uid. Everyone who
 * may patch an object can label it, so a label proves nothing; neither does a name.
 */
export function isMadeFor({ name, uids }: Maker, { metadata }: { metadata: ObjectMeta }): boolean {
  const { labels = {}, ownerReferences = [] } = metadata;
  return (
    labels[LABEL.target] === labelValue(name) &&
    labels[LABEL.managedBy] === 'sluice' &&
    ownerReferences.some(({ kind, uid }) => kind === 'Deployment' && uids.includes(uid))
  );
}
