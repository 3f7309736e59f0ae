/** How a playground pod behaves: set by the image tag, or by env, which wins (docs/playground.md). */
export interface Behaviour {
  version: string;
  /** share of requests answered 500, 0..1 */
  errorRate: number;
  /** lognormal latency, defined by median and 99th percentile */
  p50Ms: number;
  p99Ms: number;
  /** not ready for this long after each start */
  startMs: number;
  /** exits this long after each start */
  crashAfterMs?: number;
}

export interface ContainerSpec {
  image: string;
  env: Record<string, string>;
}

interface Setting {
  tag: string;
  env: string;
  max: number;
  apply(behaviour: Behaviour, value: number): void;
}

const SETTINGS: readonly Setting[] = [
  { tag: 'error', env: 'ERROR_RATE', max: 1, apply: (b, value) => (b.errorRate = value) },
  { tag: 'p50', env: 'LATENCY_P50_MS', max: 60_000, apply: (b, value) => (b.p50Ms = value) },
  { tag: 'p99', env: 'LATENCY_P99_MS', max: 60_000, apply: (b, value) => (b.p99Ms = value) },
  { tag: 'start', env: 'START_SECONDS', max: 3600, apply: (b, value) => (b.startMs = value * 1000) },
  {
    tag: 'crash',
    env: 'CRASH_AFTER_SECONDS',
    max: 3600,
    apply: (b, value) => (b.crashAfterMs = value * 1000),
  },
];

/**
 * Reads `shop:v2_error-0.05_p50-20_p99-80_start-3_crash-5` and the env of the same meaning.
 * Throws an Error naming field, value and remedy.
 */
export function behaviourOf(container: ContainerSpec): Behaviour {
  const tag = /:([\w.-]+)$/.exec(container.image)?.[1] ?? 'latest';
  const [version = 'latest', ...parts] = tag.split('_');
  const behaviour: Behaviour = { version, errorRate: 0, p50Ms: 5, p99Ms: 25, startMs: 0 };
  for (const part of parts) applyTagPart(behaviour, part, container.image);
  for (const setting of SETTINGS) {
    const text = container.env[setting.env];
    if (text !== undefined) apply({ behaviour, setting, text, where: `env ${setting.env}` });
  }
  if (container.env['VERSION'] !== undefined) behaviour.version = container.env['VERSION'];
  return behaviour;
}

function applyTagPart(behaviour: Behaviour, part: string, image: string): void {
  const dash = part.indexOf('-');
  const setting = SETTINGS.find((candidate) => candidate.tag === part.slice(0, dash));
  if (setting === undefined) {
    const known = SETTINGS.map((candidate) => candidate.tag).join(', ');
    throw new Error(
      `image ${image}: "${part}" is not a fault setting; write <name>-<number> with one of ${known}`,
    );
  }
  apply({ behaviour, setting, text: part.slice(dash + 1), where: `image ${image}` });
}

function apply(what: { behaviour: Behaviour; setting: Setting; text: string; where: string }): void {
  const value = what.text === '' ? NaN : Number(what.text);
  if (!(value >= 0 && value <= what.setting.max)) {
    const { tag, max } = what.setting;
    throw new Error(`${what.where}: ${tag} "${what.text}" is out of range; give a number from 0 to ${max}`);
  }
  what.setting.apply(what.behaviour, value);
}
