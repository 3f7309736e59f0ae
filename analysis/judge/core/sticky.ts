import type { Margin } from '../../../api/kinds/template/margins.ts';

/**
 * Where users stay with one version, each arm has the errors of its own users: the unit of evidence is the user, and a small
 * share of traffic has few of them. How much users differ is not measured, so both bounds of what is claimed leave room for
 * it.
 */
export const ROOM_FOR_USERS = 1.6;

/** The harm margin for arms with users of their own. */
export const forUsers = ({ relative, absolute }: Margin): Margin => ({
  relative: (1 + relative) * ROOM_FOR_USERS - 1,
  absolute,
});

export const USERS_TOLD = `users stay with one version and differ, so each user counts as one: the harm margin and the interval are ${ROOM_FOR_USERS} times as wide`;
