/** Everything that was recorded of a real API server and its controllers, as `npm run conformance` compares it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const present = existsSync(join(ROOT, '../shared/conformance/check.mjs'));
const title = present
  ? 'the embedded API server is as a real one was, but for what is left out on purpose'
  : 'the embedded API server is as a real one was (skipped: there are no recordings beside the checkout)';

it.skipIf(!present)(title, async () => {
  const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['scripts/conformance.ts'],
      { cwd: ROOT },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? 1, out: stdout + stderr }),
    );
  });
  expect(out).not.toContain('different: ');
  expect(out).toMatch(/^workloads +31\/31 /m);
  expect(code).toBe(0);
});
