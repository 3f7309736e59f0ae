import { createHmac, timingSafeEqual } from 'node:crypto';
import { asString, stableStringify } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION, GROUP, ORDERS } from '../../api/names.ts';

/** sealed: by the key that signs now. aging: by a key that only verifies. unsealed: by no known key. */
export type Standing = 'sealed' | 'aging' | 'unsealed';

/**
 * The seal of a Release proves that the controller wrote it: an HMAC over namespace, uid, spec without `intent`, and
 * our own annotations. It does not cover what a human orders: intent and the annotations in ORDERS. Objects read from
 * an API server never change, so each is verified once.
 */
export class Seal {
  readonly #keys: readonly Buffer[];
  readonly #known = new WeakMap<KubeObject, Standing>();

  /** @param keys the first signs, all verify; without keys nothing is sealed */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  standingOf(release: KubeObject): Standing {
    const known = this.#known.get(release);
    if (known !== undefined) return known;
    const standing = this.#look(release);
    this.#known.set(release, standing);
    return standing;
  }

  /** The seal that fits the Release as it is. */
  of(release: KubeObject): string | undefined {
    const [key] = this.#keys;
    return key === undefined ? undefined : hmac(key, release).toString('base64url');
  }

  #look(release: KubeObject): Standing {
    const text = asString(release.metadata.annotations?.[ANNOTATION.seal]);
    if (text === undefined || release.metadata.uid === undefined) return 'unsealed';
    const given = Buffer.from(text, 'base64url');
    const index = this.#keys.findIndex((key) => {
      const wanted = hmac(key, release);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
    if (index < 0) return 'unsealed';
    return index === 0 ? 'sealed' : 'aging';
  }
}

function hmac(key: Buffer, { metadata, spec }: KubeObject): Buffer {
  const record = Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => field !== 'intent'));
  const ours = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => name.startsWith(`${GROUP}/`) && name !== ANNOTATION.seal && !ORDERS.includes(name),
  );
  const { namespace = '', uid = '' } = metadata;
  const text = stableStringify({
    version: 1,
    namespace,
    uid,
    spec: record,
    annotations: Object.fromEntries(ours),
  });
  return createHmac('sha256', key).update(text).digest();
}
