import pg from 'pg';

/** A statement as pg takes it. */
export interface Statement {
  readonly name?: string | undefined;
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
}

/** What pg answers, as far as anybody reads it. */
export interface Answer {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

/** A statement whose answer nobody waits for. Its rows are put into `rows` when it has come. */
export interface Passenger {
  readonly statement: Statement;
  readonly rows: unknown[];
}

// What pg's Client and its Query say to each other; its types leave most of that out.
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  readonly submittedNamedStatements: Record<string, string>;
  sync(): void;
}

interface Car {
  readonly name: string | undefined;
  readonly text: string;
  readonly _result: { _types?: unknown };
  prepare(wire: Wire): void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  handleReadyForQuery(wire: Wire): void;
}

const Query = pg.Query as unknown as new (
  statement: Statement,
  callback: (error: Error | null | undefined, answer: Answer) => void,
) => Car;

/**
 * Statements that go to the server in one write and come back in one answer: several at the price of one trip. When one
 * fails the server passes over all behind it, and the whole is rejected with that error.
 */
export function sendTrain(
  client: pg.ClientBase,
  passengers: readonly Passenger[],
  last?: Statement,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.query(new Train(client, { passengers, last, resolve, reject }));
  });
}

interface TrainInput {
  readonly passengers: readonly Passenger[];
  readonly last: Statement | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const NOTHING: Answer = { command: '', rowCount: null, rows: [] };

/** Stands in pg's queue like one query; each part of the answer is handed to the statement that it belongs to. */
class Train implements pg.Submittable {
  readonly #cars: readonly Car[];
  readonly #input: TrainInput;
  #at = 0;
  #failure: Error | undefined;
  #answer = NOTHING;

  constructor(client: pg.ClientBase, input: TrainInput) {
    const { last, passengers } = input;
    this.#input = input;
    const carOf = (statement: Statement, keep: (answer: Answer) => void) => {
      const car = new Query(statement, (error, answer) => {
        if (error) this.#failure ??= error;
        else keep(answer);
      });
      car._result._types ??= (client as unknown as { _types: unknown })._types;
      return car;
    };
    this.#cars = [
      ...passengers.map((one) => carOf(one.statement, ({ rows }) => void one.rows.push(...rows))),
      ...(last ? [carOf(last, (answer) => (this.#answer = answer))] : []),
    ];
  }

  // pg notes by these which statement the server has parsed.
  get name(): string | undefined {
    return this.#cars[this.#at]?.name;
  }

  get text(): string | undefined {
    return this.#cars[this.#at]?.text;
  }

  /** pg takes it for its own to say when something else comes to an end. */
  callback = (): void => {};

  submit = (connection: unknown): null => {
    const wire = connection as Wire;
    // Each would end with a sync of its own: one for all is what lets the server pass over what follows a failure.
    const open = Object.create(wire, { sync: { value: () => {} } }) as Wire;
    wire.stream.cork();
    try {
      for (const car of this.#cars) {
        car.prepare(open);
        if (this.#failure) break;
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  };

  handleRowDescription(message: unknown): void {
    this.#cars[this.#at]?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.#cars[this.#at]?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, wire: Wire): void {
    this.#cars[this.#at]?.handleCommandComplete(message, wire);
    this.#at += 1;
  }

  handleEmptyQuery(): void {
    this.#at += 1;
  }

  handleReadyForQuery(wire: Wire): void {
    const { reject, resolve } = this.#input;
    for (const car of this.#cars.slice(0, this.#at)) car.handleReadyForQuery(wire);
    if (this.#failure) reject(this.#failure);
    else resolve(this.#answer);
  }

  handleError(error: Error, wire: Wire): void {
    // What the server has passed over it has not parsed.
    for (const { name } of this.#cars.slice(this.#at))
      if (name !== undefined) delete wire.submittedNamedStatements[name];
    this.#input.reject(this.#failure ?? error);
  }
}
