import type { Stickiness } from '../../api/kinds/policy/split.ts';

/**
 * A Cookie header, whole, that holds this cookie among others: for engines that search as for those that cover (RE2). It is written
 * without a blank: the Gateway API takes single ones only, between other signs.
 */
export const cookiePattern = (name: string, value: string): string =>
  `^(.*;\\s*)?${literal(name)}=${literal(value)}\\s*(;.*)?$`;

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The Set-Cookie header by which a client stays with the canary of one release. */
export const stickyCookie = ({ cookie, maxAgeMs }: Stickiness, release: string): string =>
  `${cookie}=${release}; Path=/; Max-Age=${Math.ceil(maxAgeMs / 1000)}; HttpOnly`;
