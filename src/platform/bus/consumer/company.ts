/**
 * Who works beside whom in this process. A message that may have killed its consumer before is handled while nothing
 * else is: then, if the process dies again, it was that one, and no neighbour is blamed with it.
 */
export interface Company {
  /** Waits while someone works alone; answers how to leave. */
  join(): Promise<() => void>;
  /** Waits until nobody else works, in turn; answers how to leave. */
  alone(): Promise<() => void>;
}

export function createCompany(): Company {
  let together = 0;
  let busyAlone = false;
  const alone: (() => void)[] = [];
  const joining: (() => void)[] = [];

  function next(): void {
    if (busyAlone) return;
    const first = alone[0];
    if (first) {
      if (together > 0) return;
      alone.shift();
      busyAlone = true;
      first();
      return;
    }
    for (const enter of joining.splice(0)) {
      together += 1;
      enter();
    }
  }

  return {
    async join() {
      if (busyAlone || alone.length > 0) await new Promise<void>((enter) => joining.push(enter));
      else together += 1;
      return once(() => {
        together -= 1;
        next();
      });
    },
    async alone() {
      await new Promise<void>((enter) => {
        alone.push(enter);
        next();
      });
      return once(() => {
        busyAlone = false;
        next();
      });
    },
  };
}

function once(leave: () => void): () => void {
  let left = false;
  return () => {
    if (left) return;
    left = true;
    leave();
  };
}
