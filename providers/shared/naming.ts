import { createHash } from 'node:crypto';
import type { ObjectMeta, OwnerReference } from '../../api/kube.ts';
import { LABEL } from '../../api/names.ts';

/** Limit of Service names and label values; kept for every name, so that one rule serves all. */
const LIMIT = 63;
const HASH_LENGTH = 10;
/** no vowels, no look-alikes: a hash never spells a word */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** 47 bits of SHA-256: nobody finds two names that meet in it by trying for an afternoon. */
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
  return `${head === '' ? 'x' : head}-${shortHash(identity)}${suffix}`;
}

/** A name as a label value: unchanged where it fits, else cut, with a hash. */
export function labelValue(name: string): string {
  if (name.length <= LIMIT) return name;
  return `${name.slice(0, LIMIT - HASH_LENGTH - 1).replace(/[^A-Za-z0-9]+$/, '')}-${shortHash(name)}`;
}

/** The labels on everything Sluice makes. */
export function ownLabels(target: string, release: string): Record<string, string> {
  return {
    [LABEL.target]: labelValue(target),
    [LABEL.release]: labelValue(release),
    [LABEL.managedBy]: 'sluice',
  };
}

/** A Deployment that Sluice makes objects for: its name, and the uids under which it has owned some. */
export interface Maker {
  name: string;
  uids: readonly string[];
}

/** A live target that owns what is made for it. */
export const makerOf = ({ metadata: { name, uid } }: { metadata: ObjectMeta }): Maker => ({
  name,
  uids: uid === undefined ? [] : [uid],
});

/** The same, as a back end is told of it. */
export const makerIn = ({ target, owner }: { target: string; owner: OwnerReference }): Maker => ({
  name: target,
  uids: [owner.uid],
});

/**
 * Was this object made by Sluice for that target? It carries our labels, and the target owns it by uid. Anybody who may
 * patch an object can label it, so a label alone says nothing; nor does a name.
 */
export function isMadeFor({ name, uids }: Maker, { metadata }: { metadata: ObjectMeta }): boolean {
  const { labels = {}, ownerReferences = [] } = metadata;
  return (
    labels[LABEL.target] === labelValue(name) &&
    labels[LABEL.managedBy] === 'sluice' &&
    ownerReferences.some(({ kind, uid }) => kind === 'Deployment' && uids.includes(uid))
  );
}
