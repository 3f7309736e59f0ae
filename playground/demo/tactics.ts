import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import { PROVIDERS, worldOf, type Ability, type DemoProvider } from './worlds.ts';

/** How the demo delivers: the strategy of its policy and its options. */
export interface Tactics {
  strategy: Strategy;
  /** copies of all requests before the first live request */
  mirror: boolean;
  /** clients that keep cookies stay on the canary */
  sticky: boolean;
}

/**
 * The demo shows blue-green with copies if possible, because nothing else can be measured before its switch.
 */
export function tacticsOf(provider: DemoProvider, wanted: Tactics): Tactics {
  return {
    ...wanted,
    mirror: wanted.mirror || (wanted.strategy === 'blueGreen' && worldOf(provider).can.mirror),
  };
}

/** Why these tactics cannot be played, and what to do; undefined: they can. */
export function objection(provider: DemoProvider, { strategy, mirror, sticky }: Tactics): string | undefined {
  const able = worldOf(provider).can;
  const who = (can: (ability: Ability) => boolean): string =>
    PROVIDERS.filter((name) => can(worldOf(name).can)).join(', ');
  if (!able.strategies.includes(strategy)) {
    const others = who(({ strategies }) => strategies.includes(strategy));
    return `--strategy: "${strategy}" cannot be done with --provider ${provider}; give one of ${able.strategies.join(', ')}, or one of the providers ${others}`;
  }
  if (mirror && !able.mirror) {
    return `--mirror: --provider ${provider} cannot copy requests; leave it out, or give one of the providers ${who((one) => one.mirror)}`;
  }
  if (sticky && !able.sticky) {
    return `--sticky: --provider ${provider} sets no cookie here; leave it out, or give one of the providers ${who((one) => one.sticky)}`;
  }
  if (sticky && strategy === 'blueGreen') {
    return '--sticky: with --strategy blueGreen all requests switch at once; leave it out, or give one of the strategies canary, ab';
  }
  return undefined;
}

const STORY: Readonly<Record<Strategy, string>> = {
  canary: 'the new version gets 5, then 25, then 50% of the requests',
  blueGreen: 'the new version comes up at full size, then gets all requests at once',
  ab: 'the new version gets the requests that carry the header or cookie of the test',
};

/** The tactics in one sentence. */
export function story({ strategy, mirror, sticky }: Tactics): string {
  const copies = mirror ? '; before that, copies of all of them' : '';
  const stays = sticky ? '; clients that got it once stay there, by a cookie' : '';
  return `Strategy ${strategy}: ${STORY[strategy]}${copies}${stays}.`;
}
