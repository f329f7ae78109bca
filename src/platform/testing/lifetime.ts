/** Whose end ends what was begun for it: a test (`t`), or a `Span` where no test runs. */
export interface Lifetime {
  after(work: () => unknown): void;
}

/** A lifetime that somebody ends by hand: what was begun last ends first. */
export interface Span extends Lifetime {
  end(): Promise<void>;
}

export function createSpan(): Span {
  const works: (() => unknown)[] = [];
  return {
    after: (work) => void works.push(work),
    async end() {
      for (let work = works.pop(); work; work = works.pop()) await work();
    },
  };
}
