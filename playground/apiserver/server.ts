import { Admission } from './admission/admission.ts';
import type { ApiServer, ApiServerOptions } from './contract.ts';
import { DefinitionController } from './crd/controller.ts';
import { FaultPlan } from './faults/plan.ts';
import type { Context } from './http/context.ts';
import { Router } from './http/router.ts';
import type { WatchStream } from './http/stream.ts';
import { CONTROLLER_MANAGER, Users } from './http/users.ts';
import { Deleter } from './registry/deleter.ts';
import type { Env } from './registry/kind.ts';
import { Registry } from './registry/registry.ts';
import { Writer } from './registry/writer.ts';
import { namespaceOf, nameOf } from './storage/collection.ts';
import { Storage } from './storage/storage.ts';
import { InProcessClient } from './store-client.ts';

const FIRST_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * A Kubernetes API server in this process, without sockets and without timers of its own; see
 * docs/playground-api.md.
 */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { clock } = options;
  const random = options.random ?? Math.random;
  const storage = new Storage();
  const registry = new Registry();
  const env: Env = {
    now: () => clock.now(),
    random,
    list: (resource, namespace) => storage.list(resource, namespace),
  };
  const admission = new Admission(storage, registry);
  const writer = new Writer(storage, env, admission);
  const deleter = new Deleter(storage, env, admission);
  new DefinitionController({ storage, registry, now: () => env.now() }, (resource, object) => {
    const kind = registry.byResource(resource);
    const version = kind?.versions[0];
    if (!kind || !version) return;
    const namespace = kind.namespaced ? namespaceOf(object) : undefined;
    deleter.delete({ kind, version, namespace }, nameOf(object), { dryRun: false, user: CONTROLLER_MANAGER });
  });
  const streams = new Set<WatchStream>();
  const faults = options.faults === true ? new FaultPlan() : undefined;
  const users = new Users(options.token, options.users ?? {});
  const context: Context = { storage, registry, writer, deleter, clock, users, faults, streams };
  const router = new Router(context);
  const store = new InProcessClient({ storage, registry, writer, deleter });
  for (const name of FIRST_NAMESPACES) {
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  return {
    handle: (request) => router.handle(request),
    store,
    close: () => {
      for (const stream of [...streams]) stream.end();
    },
  };
}
