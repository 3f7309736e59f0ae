import { metadata, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Registry } from '../registry/registry.ts';
import type { Storage } from '../storage/storage.ts';
import type { Target } from '../registry/target.ts';
import { apiVersionOf } from '../registry/kind.ts';
import type { Asker, Attributes, Operation } from './attributes.ts';
import type { Source } from './bindings.ts';
import { mutate } from './mutate.ts';
import { validate } from './validate.ts';

export interface Admitted {
  operation: Operation;
  object?: JsonObject;
  old?: JsonObject;
}

/** Runs the admission policies that are in the store. They take effect with the write that stores them. */
export class Admission {
  readonly #storage: Storage;
  readonly #source: Source;

  constructor(storage: Storage, registry: Registry) {
    this.#storage = storage;
    this.#source = {
      list: (resource, namespace) => storage.list(resource, namespace),
      resourceOf: (apiVersion, kindName) => {
        const found = registry
          .all()
          .find(
            (kind) =>
              kind.kind === kindName &&
              kind.versions.some((version) => apiVersionOf(kind, version.name) === apiVersion),
          );
        return found && { resource: found.resource, namespaced: found.namespaced };
      },
    };
  }

  /** The object after the mutating policies, in stored shape; the same one if none changed it. */
  mutate(target: Target, write: Admitted & { object: JsonObject }, asker: Asker): JsonObject {
    if (!ruled(target)) return write.object;
    return mutate(this.#source, this.#attributes(target, write, asker));
  }

  /** Throws an ApiError for a denial; returns the warnings for the client. */
  validate(target: Target, write: Admitted, asker: Asker): string[] {
    return ruled(target) ? validate(this.#source, this.#attributes(target, write, asker)) : [];
  }

  #attributes(target: Target, { operation, object, old }: Admitted, asker: Asker): Attributes {
    const { namespace } = target;
    const name = text(metadata(object ?? old ?? {})['name']);
    return {
      target,
      operation,
      name,
      object,
      old,
      asker,
      namespace: namespace === undefined ? undefined : this.#storage.get('namespaces', '', namespace),
    };
  }
}

/**
 * On a real server, policies on /scale see a Scale; here they would see another object, so they do not run.
 */
const ruled = ({ subresource }: Target): boolean => subresource !== 'scale' && subresource !== 'binding';
