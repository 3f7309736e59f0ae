import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import type { DemoProvider } from './objects.ts';

/** How the demo delivers: the strategy of its policy and what is added to it. */
export interface Tactics {
  strategy: Strategy;
  /** copies of all requests before the first live one */
  mirror: boolean;
  /** clients that keep cookies stay on the canary */
  sticky: boolean;
}

export const STRATEGIES: readonly Strategy[] = ['canary', 'blueGreen', 'ab'];

interface Ability {
  strategies: readonly Strategy[];
  mirror: boolean;
  sticky: boolean;
}

const EVERYTHING: Ability = { strategies: STRATEGIES, mirror: true, sticky: true };

/** What the demo's routes allow. */
const ABLE: Readonly<Record<DemoProvider, Ability>> = {
  gateway: EVERYTHING,
  istio: EVERYTHING,
  nginx: { strategies: STRATEGIES, mirror: false, sticky: false },
  linkerd: { strategies: ['canary', 'blueGreen'], mirror: false, sticky: false },
  replicas: { strategies: ['canary'], mirror: false, sticky: false },
};

/** Blue-green is shown with copies where that is possible, because nothing else can be measured before its switch. */
export function tacticsOf(provider: DemoProvider, wanted: Tactics): Tactics {
  return { ...wanted, mirror: wanted.mirror || (wanted.strategy === 'blueGreen' && ABLE[provider].mirror) };
}

/** Why this cannot be played, with a remedy; undefined: it can. */
export function objection(provider: DemoProvider, { strategy, mirror, sticky }: Tactics): string | undefined {
  const able = ABLE[provider];
  const who = (can: (ability: Ability) => boolean): string =>
    Object.entries(ABLE)
      .flatMap(([name, ability]) => (can(ability) ? [name] : []))
      .join(', ');
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
  const stays = sticky ? '; who got it once stays there, by a cookie' : '';
  return `Strategy ${strategy}: ${STORY[strategy]}${copies}${stays}.`;
}
