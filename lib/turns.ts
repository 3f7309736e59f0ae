/**
 * Waiting items by group. The groups take turns, so that a group with many items does not hold up the others. Within a
 * group: first come, first served.
 */
export class Turns<T> {
  /** in the order of their turns; a group without items is removed */
  readonly #groups = new Map<string, Map<string, T>>();

  /** An item of the same id is replaced and keeps its place. */
  add(group: string, id: string, item: T): void {
    const waiting = this.#groups.get(group) ?? new Map<string, T>();
    this.#groups.set(group, waiting.set(id, item));
  }

  delete(group: string, id: string): boolean {
    const waiting = this.#groups.get(group);
    const was = waiting?.delete(id) === true;
    if (waiting?.size === 0) this.#groups.delete(group);
    return was;
  }

  has(group: string, id: string): boolean {
    return this.#groups.get(group)?.has(id) === true;
  }

  get size(): number {
    return this.count();
  }

  /** How many items of groups that may have a turn now. */
  count(may: (group: string) => boolean = () => true): number {
    let count = 0;
    for (const [group, waiting] of this.#groups) if (may(group)) count += waiting.size;
    return count;
  }

  clear(): void {
    this.#groups.clear();
  }

  /** Takes out the next of the first group that may have a turn now. */
  next(may: (group: string) => boolean = () => true): T | undefined {
    for (const [group, waiting] of this.#groups) {
      if (!may(group)) continue;
      for (const [id, item] of waiting) {
        waiting.delete(id);
        this.#groups.delete(group);
        if (waiting.size > 0) this.#groups.set(group, waiting);
        return item;
      }
    }
    return undefined;
  }
}
