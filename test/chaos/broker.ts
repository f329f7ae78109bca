/** A broker of the run's own, which may die. */
export interface Broker {
  /** What `BUS_URL` is set to. */
  readonly url: string;
  restart(): Promise<void>;
  /** `kill -9`, and up again. */
  crash(): Promise<void>;
  freeze(forMs: number): Promise<void>;
  /** Ends the connections that it has, where it can be told to. */
  cut(): Promise<void>;
}
