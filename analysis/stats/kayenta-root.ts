/** Where a function was evaluated. */
export interface Point {
  at: number;
  value: number;
}

const TOLERANCE = 1e-4;
const STEPS = 1001;

/**
 * A root between two points of opposite sign by the Brent–Dekker method (Brent 1973, ch. 4), with the absolute tolerance and the
 * step rules of the routine that R's `uniroot` and Kayenta use. On a step function which of several roots it finds depends on
 * exactly these, so they may not be improved.
 */
export function zeroin(f: (x: number) => number, from: Point, to: Point): number {
  if (from.value === 0) return from.at;
  if (to.value === 0) return to.at;
  let before = from;
  let best = to;
  let across = from;
  for (let i = 0; i < STEPS; i++) {
    const last = best.at - before.at;
    if (Math.abs(across.value) < Math.abs(best.value)) [before, best, across] = [best, across, best];
    const close = 2 * Number.EPSILON * Math.abs(best.at) + TOLERANCE / 2;
    const half = (across.at - best.at) / 2;
    if (Math.abs(half) <= close || best.value === 0) return best.at;
    let step = half;
    if (Math.abs(last) >= close && Math.abs(before.value) > Math.abs(best.value)) {
      step = interpolated({ before, best, across }, { close, last }) ?? half;
    }
    if (Math.abs(step) < close) step = step > 0 ? close : -close;
    before = best;
    const at = best.at + step;
    best = { at, value: f(at) };
    if (Math.sign(best.value) * Math.sign(across.value) > 0) across = before;
  }
  return best.at;
}

/** The secant or inverse quadratic step, if it stays well inside the bracket and shrinks fast enough. */
function interpolated(
  { before, best, across }: { before: Point; best: Point; across: Point },
  { close, last }: { close: number; last: number },
): number | undefined {
  const width = across.at - best.at;
  let p: number;
  let q: number;
  if (before.at === across.at) {
    const ratio = best.value / before.value;
    p = width * ratio;
    q = 1 - ratio;
  } else {
    const far = before.value / across.value;
    const near = best.value / across.value;
    const ratio = best.value / before.value;
    p = ratio * (width * far * (far - near) - (best.at - before.at) * (near - 1));
    q = (far - 1) * (near - 1) * (ratio - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  return p < 0.75 * width * q - Math.abs(close * q) / 2 && p < Math.abs((last * q) / 2) ? p / q : undefined;
}
