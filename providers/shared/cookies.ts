import type { Stickiness } from '../../api/kinds/policy/split.ts';

/**
 * The pattern of a whole Cookie header that contains this cookie among others, for engines that search and
 * for those that match the whole text (RE2). It has no space: the Gateway API takes only single spaces
 * between other characters.
 */
export const cookiePattern = (name: string, value: string): string =>
  `^(.*;\\s*)?${literal(name)}=${literal(value)}\\s*(;.*)?$`;

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The Set-Cookie header that keeps a client on the canary of one release. */
export const stickyCookie = ({ cookie, maxAgeMs }: Stickiness, release: string): string =>
  `${cookie}=${release}; Path=/; Max-Age=${Math.ceil(maxAgeMs / 1000)}; HttpOnly`;
