import type { Phase } from '../../api/kinds/release/status.ts';
import type { VerdictResult } from '../../api/kinds/release/verdict.ts';
import type { Colour, Paint } from '../io.ts';

const COLOUR: Record<Phase, Colour> = {
  Pending: 'cyan',
  Progressing: 'cyan',
  Waiting: 'yellow',
  Promoting: 'cyan',
  Promoted: 'green',
  RollingBack: 'red',
  RolledBack: 'red',
  Superseded: 'yellow',
  Aborted: 'yellow',
  Escaped: 'red',
  Blocked: 'yellow',
};

const VERDICT: Record<VerdictResult, Colour> = { pass: 'green', fail: 'red', inconclusive: 'yellow' };

export const paintPhase = (paint: Paint, phase: Phase): string => paint(COLOUR[phase], phase);

export const paintVerdict = (paint: Paint, result: VerdictResult): string => paint(VERDICT[result], result);
