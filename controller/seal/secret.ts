import { randomBytes } from 'node:crypto';
import { getString } from '../../lib/json.ts';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { HOME, LABEL } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists } from '../../kube/errors.ts';

/** `key` signs and verifies; `previous` only verifies, while the key is being replaced. */
const FIELDS = ['key', 'previous'] as const;
const KEY_BYTES = 32;

export type SecretClient = Pick<KubeClient, 'get' | 'create'>;

/** The keys in the Secret, the signing key first, or what is wrong with the Secret. */
export type Keys = { ok: true; keys: Buffer[]; made: boolean } | { ok: false; sentence: string };

/**
 * Reads the keys of the seals from the controller's namespace, and makes them if there are none. If two controllers
 * start at once, one makes the Secret and the other reads it.
 *
 * @throws KubeError if the API server refuses, or does not answer
 */
export async function readKeys(client: SecretClient, namespace: string): Promise<Keys> {
  const ref: ObjectRef = { resource: RESOURCES.secrets, namespace, name: HOME.seal };
  const found = await client.get(ref);
  if (found !== undefined) return keysOf(found);
  try {
    const read = keysOf(await client.create(freshSecret(namespace)));
    return read.ok ? { ...read, made: true } : read;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const made = await client.get(ref);
    if (made === undefined) throw error;
    return keysOf(made);
  }
}

function freshSecret(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: HOME.seal, namespace, labels: { [LABEL.managedBy]: 'sluice' } },
    type: 'Opaque',
    data: { key: randomBytes(KEY_BYTES).toString('base64') },
  };
}

function keysOf(secret: KubeObject): Keys {
  const texts = FIELDS.map((field) => getString(secret, 'data', field));
  const keys = texts.flatMap((text) => (text === undefined ? [] : [Buffer.from(text, 'base64')]));
  if (texts[0] !== undefined && keys.every(({ length }) => length >= KEY_BYTES))
    return { ok: true, keys, made: false };
  const { namespace = '' } = secret.metadata;
  const sentence = `Secret ${namespace}/${HOME.seal}: data.key, and data.previous if there is one, have to be ${KEY_BYTES} bytes or more in base64; put the key back, or delete the Secret to have another made (releases under way then end)`;
  return { ok: false, sentence };
}
