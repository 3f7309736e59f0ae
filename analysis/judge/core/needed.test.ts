import { describe, expect, test } from 'vitest';
import { neededText } from './needed.ts';
import { errorRate, judgeAll, rates, times } from '../../../test/support/judge-objects.ts';

describe('what an undecided verdict says is still needed', () => {
  test('requests are a least number, with the time they take at the present rate', () => {
    const [waiting] = judgeAll([errorRate()], [[rates('1/240 23/4560', 0)]]).verdicts;
    const needed = waiting?.numbers['neededCanaryRequests'] ?? 0;
    expect(needed).toBeGreaterThan(1000);
    const found = /at least (\d+) more canary requests needed, (\d+)m(\d+)s at the present rate$/.exec(
      waiting?.sentence ?? '',
    );
    const [, requests = NaN, minutes = NaN, seconds = NaN] = found?.map(Number) ?? [];
    expect(requests).toBeGreaterThanOrEqual(needed);
    // 240 requests in 15 s
    expect(minutes * 60 + seconds).toBe(Math.ceil((needed / 240) * 15));
  });

  test('is time alone where the evidence is there and the step is too short for it to count', () => {
    const windows = times(22, (i) => [rates('0.5/100 9.5/1900', i)]);
    const { verdicts } = judgeAll([errorRate()], windows, undefined, 5);
    const told = verdicts.filter(({ sentence }) => sentence.includes('safe enough for the next weight once'));
    expect(told.length).toBeGreaterThan(3);
    for (const { sentence, numbers } of told) {
      expect(sentence).toMatch(/once the step has been measured for 5m \([\dms]+ more\)$/);
      expect(numbers['neededCanaryRequests']).toBeGreaterThan(0);
    }
    expect(verdicts.some(({ sentence }) => sentence.includes('a few'))).toBe(false);
    expect(verdicts[19]).toMatchObject({ result: 'pass' });
  });

  test('is left out where so little is foretold that chance decides', () => {
    expect(neededText({ requests: 0, seconds: 0, onlyTime: false })).toBe('');
    expect(neededText({ requests: 9, seconds: 4, onlyTime: false })).toBe('');
    expect(neededText({ requests: 11, seconds: 4.2, onlyTime: false })).toBe(
      '; at least 11 more canary requests needed, 5s at the present rate',
    );
  });

  test('is no number of requests where these rates never pass', () => {
    expect(neededText(undefined)).toBe('; at these rates more requests alone will not prove it safe');
  });
});
