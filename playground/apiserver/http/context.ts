import type { Clock } from '../../../lib/clock.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { Deleter } from '../registry/deleter.ts';
import type { Registry } from '../registry/registry.ts';
import type { Writer } from '../registry/writer.ts';
import type { Storage } from '../storage/storage.ts';
import type { WatchStream } from './stream.ts';
import type { Users } from './users.ts';

/** Everything that request handlers use. */
export interface Context {
  storage: Storage;
  registry: Registry;
  writer: Writer;
  deleter: Deleter;
  clock: Clock;
  users: Users;
  /** absent if clients may not ask for faults */
  faults: FaultPlan | undefined;
  /** open watches, ended when the server closes */
  streams: Set<WatchStream>;
}
