/** What a subcommand gets from playground/main.ts, the only file that ends the program, prints and reads its environment. */
export interface Program {
  args: string[];
  env: Record<string, string | undefined>;
  /** of the operating system, as Node calls it: "linux" */
  platform: string;
  print(line: string): void;
  complain(line: string): void;
  /** raw text to the terminal, without a line end; only where `terminal` is true */
  write(text: string): void;
  /** standard output is a terminal */
  terminal: boolean;
  /** width of the terminal now; Infinity where there is none */
  columns(): number;
  /** resolves when the program is asked to end: a signal, or the process that started it is gone */
  ended: Promise<void>;
  /** tells the process that started this one, if it listens */
  tell(message: object): void;
}

/** Runs a subcommand; resolves to the exit code. */
export type Command = (program: Program) => Promise<number>;
