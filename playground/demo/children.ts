import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programOf } from '../../lib/place.ts';

export interface ChildrenOptions {
  /** for log files */
  directory: string;
  /** a child that should be running has ended */
  onDeath: (sentence: string, death: Death) => void;
}

export interface Death {
  name: string;
  /** by SIGKILL, from outside */
  killed: boolean;
}

interface Child {
  name: string;
  process: ChildProcess;
  /** pid of the program itself; differs from `process.pid` if a shell guards the program */
  pid: number;
  stopping: boolean;
}

const STOP_MS = 3000;
/** the exit code by which a shell says that SIGKILL ended its program */
const KILLED = 128 + constants.signals.SIGKILL;

/**
 * A shell that runs a program, writes its pid to fd 3 and kills it when standard input closes: that happens
 * however this process ends, so no child outlives it.
 */
const GUARD = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
pid=$!
echo $pid >&3
exec 3>&-
{ cat <&4 >/dev/null; kill -9 $pid 2>/dev/null; } &
exec 4<&-
wait $pid
`;

/** The processes of a demo. Each ends with this one, and is never signalled by name. */
export class Children {
  private readonly options: ChildrenOptions;
  private readonly children = new Map<string, Child>();

  constructor(options: ChildrenOptions) {
    this.options = options;
  }

  /** Starts a subcommand of the playground; resolves to its message when it is ready. */
  async fork<Ready>(name: string, args: string[]): Promise<Ready> {
    const log = this.log(name);
    const process = fork(programOf('playground'), args, {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    });
    const child = this.adopt(name, process, process.pid ?? 0);
    return await new Promise<Ready>((resolve, reject) => {
      process.on('message', (message: { ready?: Ready }) => {
        if (message.ready !== undefined) resolve(message.ready);
      });
      process.on('exit', () => reject(new Error(this.obituary(child))));
    });
  }

  /** Starts any program with a guard; resolves to its pid once it runs. */
  async guarded(name: string, command: string[]): Promise<number> {
    const log = this.log(name);
    const process = spawn('sh', ['-c', GUARD, 'sh', ...command], {
      stdio: ['pipe', log, log, 'pipe'],
      detached: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      process.stdio[3]?.once('data', (line: Buffer) => resolve(Number(line.toString())));
      process.on('error', reject);
      process.on('exit', () => reject(new Error(`could not start ${command.join(' ')}`)));
    });
    this.adopt(name, process, pid);
    return pid;
  }

  /** kill -9, as if the machine lost power; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const child = this.children.get(name);
    if (child === undefined) return;
    child.stopping = true;
    signal(child.pid, 'SIGKILL');
    await ended(child.process);
    this.children.delete(name);
  }

  pidOf(name: string): number | undefined {
    return this.children.get(name)?.pid;
  }

  /** Asks every process to end, and kills those that do not. */
  async stopAll(): Promise<void> {
    const all = [...this.children.values()].reverse();
    this.children.clear();
    for (const child of all) child.stopping = true;
    for (const child of all) signal(child.pid, 'SIGTERM');
    await Promise.race([Promise.all(all.map((child) => ended(child.process))), sleep(STOP_MS)]);
    for (const child of all) if (!hasEnded(child.process)) signal(child.pid, 'SIGKILL');
    await Promise.all(all.map((child) => ended(child.process)));
  }

  /** The end of a child's log. */
  tail(name: string): string {
    return readFileSync(join(this.options.directory, `${name}.log`), 'utf8')
      .trim()
      .split('\n')
      .slice(-15)
      .join('\n');
  }

  private adopt(name: string, process: ChildProcess, pid: number): Child {
    const child: Child = { name, process, pid, stopping: false };
    this.children.set(name, child);
    process.on('exit', () => {
      if (child.stopping) return;
      const killed = process.signalCode === 'SIGKILL' || process.exitCode === KILLED;
      this.options.onDeath(this.obituary(child), { name, killed });
    });
    return child;
  }

  private obituary({ name, process }: Child): string {
    const how = process.signalCode ?? `exit code ${process.exitCode ?? '?'}`;
    return `the ${name} ended (${how}); the end of its log:\n${this.tail(name)}`;
  }

  private log(name: string): number {
    return openSync(join(this.options.directory, `${name}.log`), 'a');
  }
}

function hasEnded(process: ChildProcess): boolean {
  return process.exitCode !== null || process.signalCode !== null;
}

async function ended(process: ChildProcess): Promise<void> {
  if (hasEnded(process)) return;
  await new Promise<void>((resolve) => process.once('exit', () => resolve()));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended already
  }
}
