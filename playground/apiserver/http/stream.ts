/** Text chunks pushed by the server and pulled by one consumer. */
export class WatchStream implements AsyncIterable<string>, AsyncIterator<string> {
  #chunks: string[] = [];
  #waiting: ((result: IteratorResult<string>) => void) | undefined;
  #ended = false;
  readonly #onEnd: () => void;

  /** `onEnd` runs once, whichever side ends the stream. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  push(chunk: string): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting({ value: chunk, done: false });
    else this.#chunks.push(chunk);
  }

  /** Chunks that were pushed before are still delivered. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#chunks.length > 0) {
      const value = this.#chunks.join('');
      this.#chunks = [];
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  return(): Promise<IteratorResult<string>> {
    this.#chunks = [];
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
