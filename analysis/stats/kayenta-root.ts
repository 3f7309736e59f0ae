/** Where a function was evaluated. */
export interface Point {
  at: number;
  value: number;
}

/** The points that one iteration of the search works with. */
interface Search {
  /** the newest estimate */
  newest: Point;
  /** the estimate before it */
  former: Point;
  /** a point where the function has the other sign: the root lies between it and the newest */
  opposite: Point;
}

/** The result is this near to a root, in the unit of the argument, whatever that unit is. */
const TOLERANCE = 1e-4;
const MOST_EVALUATIONS = 1001;

/**
 * A root of `f` between two points of opposite sign: Brent's combination of bisection, secant and inverse quadratic steps
 * (Brent, Algorithms for Minimization without Derivatives, 1973, ch. 4), with the tolerance and the order of operations
 * of Kayenta.
 *
 * The rank sum is a step function, so rounding decides which of many roots is found. Where compatibility is asked for,
 * the order of the operations is part of the result and must not be improved.
 */
export function rootBetween(f: (x: number) => number, from: Point, to: Point): number {
  const known = [from, to].find(({ value }) => value === 0);
  if (known !== undefined) return known.at;
  let search: Search = { newest: to, former: from, opposite: from };
  for (let i = 0; i < MOST_EVALUATIONS; i++) {
    const moved = search.newest.at - search.former.at;
    search = smallestFirst(search);
    const { newest, opposite } = search;
    const close = 2 * Number.EPSILON * Math.abs(newest.at) + TOLERANCE / 2;
    const half = (opposite.at - newest.at) / 2;
    if (newest.value === 0 || Math.abs(half) <= close) return newest.at;
    const step = interpolation(search, { close, moved }) ?? half;
    const at = newest.at + (Math.abs(step) < close ? withSign(close, step) : step);
    search = around({ at, value: f(at) }, search);
  }
  return search.newest.at;
}

/** The end with the smaller value is the better estimate. */
function smallestFirst(search: Search): Search {
  const { newest, opposite } = search;
  if (Math.abs(opposite.value) >= Math.abs(newest.value)) return search;
  return { newest: opposite, former: newest, opposite: newest };
}

/** The search after one more evaluation; the root stays between newest and opposite. */
function around(next: Point, { newest, opposite }: Search): Search {
  const crossed = Math.sign(next.value) !== Math.sign(opposite.value);
  return { newest: next, former: newest, opposite: crossed || next.value === 0 ? opposite : newest };
}

/**
 * The interpolated step, `undefined` where bisection is safer: the last step was tiny or did not improve, or this one
 * would leave the middle three quarters of the bracket or shrink by less than half.
 */
function interpolation(
  search: Search,
  { close, moved }: { close: number; moved: number },
): number | undefined {
  const { newest, former, opposite } = search;
  if (Math.abs(moved) < close || Math.abs(former.value) <= Math.abs(newest.value)) return undefined;
  const { up, down } = former.at === opposite.at ? secant(search) : inverseQuadratic(search);
  // up / down with up ≥ 0, so that the bounds need no division
  const length = Math.abs(up);
  const scale = up > 0 ? -down : down;
  const inside = length < 0.75 * (opposite.at - newest.at) * scale - Math.abs(close * scale) / 2;
  return inside && length < Math.abs((moved * scale) / 2) ? length / scale : undefined;
}

/** A step as minus a fraction. */
interface Fraction {
  up: number;
  down: number;
}

/** Through two points. */
function secant({ newest, former, opposite }: Search): Fraction {
  const ratio = newest.value / former.value;
  return { up: (opposite.at - newest.at) * ratio, down: 1 - ratio };
}

/** Through three points, the argument as a quadratic function of the value. */
function inverseQuadratic({ newest, former, opposite }: Search): Fraction {
  const ofOpposite = former.value / opposite.value;
  const share = newest.value / opposite.value;
  const ratio = newest.value / former.value;
  const across = (opposite.at - newest.at) * ofOpposite * (ofOpposite - share);
  const back = (newest.at - former.at) * (share - 1);
  return { up: ratio * (across - back), down: (ofOpposite - 1) * (share - 1) * (ratio - 1) };
}

function withSign(size: number, like: number): number {
  return like > 0 ? size : -size;
}
