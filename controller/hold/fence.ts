import type { Logger } from 'pino';
import type { KubeObject } from '../../api/kube.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { compareShipped, type PolicyReader } from './check.ts';
import { admissionResource } from './resources.ts';

export interface FenceOptions {
  client: Pick<PolicyReader, 'get' | 'serves'>;
  /** the policy sluice-releases and its binding, as shipped with this version */
  shipped: readonly KubeObject[];
  clock: Clock;
  log: Logger;
}

const CHECK_MS = 60 * 60_000;
/** Time to the next check after a failure of the API server. */
const SOON_MS = 60_000;
const TOO_OLD = 'the API server does not serve ValidatingAdmissionPolicy v1 (Kubernetes 1.30 and later do)';
const INSTALL = 'apply manifests/admission/common of this version';

/**
 * Checks, at the start and hourly, whether the policy is in force that lets only the controller write Releases. Without
 * it the seals still protect: Sluice acts on no forged Release. But people may break a Release, and are not told.
 */
export class Fence {
  readonly #options: FenceOptions;
  #state = 'releases: the policy sluice-releases is not checked yet';
  #inForce = false;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: FenceOptions) {
    this.#options = options;
  }

  /** As metrics show it: false until the first check has ended. */
  get inForce(): boolean {
    return this.#inForce;
  }

  /** The state in one line, shown by /readyz. */
  get state(): string {
    return this.#state;
  }

  /** Checks now and then regularly; ends only with a bug. */
  async start(): Promise<void> {
    while (!this.#stopped) await this.#pause((await this.#check()) ? CHECK_MS : SOON_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#stopped) this.#cancel = this.#options.clock.after(ms, resolve);
    });
  }

  /** @returns whether the API server answered */
  async #check(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const problem = await this.#problem();
      this.#tell(
        problem === undefined,
        problem === undefined ? 'kept by sluice-releases' : `not kept from others: ${problem}`,
      );
      return true;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      log.warn({ code: error.code, error: error.message }, 'the policy sluice-releases could not be checked');
      return false;
    }
  }

  async #problem(): Promise<string | undefined> {
    const { client, shipped } = this.#options;
    const { issues, refused } = await compareShipped(client, shipped);
    if (refused !== undefined || issues.length === 0) return refused;
    const served = await client.serves(admissionResource('ValidatingAdmissionPolicy', 'v1'));
    return served ? `${issues.join(', ')}; ${INSTALL}` : TOO_OLD;
  }

  #tell(inForce: boolean, how: string): void {
    const state = `releases: ${how}`;
    if (state !== this.#state) this.#options.log[inForce ? 'info' : 'warn'](state);
    this.#state = state;
    this.#inForce = inForce;
  }
}
