import { monitorEventLoopDelay } from 'node:perf_hooks';
import { chance, Delays, Gate } from '#simulators/kit';
import { CallCounters } from './metrics.ts';
import { ScenarioBoard } from './scenarios.ts';
import type { Settings } from './settings.ts';
import { OperatorStore } from './store.ts';

export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;

export interface OperatorOptions {
  readonly folder: string;
  readonly seed: number;
  readonly settings: Settings;
  readonly log: Log;
}

/** One mobile operator: what it knows, how it misbehaves, and what it has counted. */
export class Operator {
  readonly store: OperatorStore;
  readonly board: ScenarioBoard;
  readonly delays = new Delays();
  readonly log: Log;
  /** How long it stood still: calls that arrive meanwhile are counted together with the next ones. */
  readonly stalls = monitorEventLoopDelay({ resolution: 10 });
  settings: Settings;
  gate = new Gate();
  calls = new CallCounters();
  readonly #seed: number;
  readonly #firstSettings: Settings;
  #draws = 0;

  constructor(options: OperatorOptions) {
    this.store = new OperatorStore(options.folder);
    this.board = new ScenarioBoard(options.seed);
    this.log = options.log;
    this.settings = options.settings;
    this.#firstSettings = options.settings;
    this.#seed = options.seed;
    this.stalls.enable();
  }

  nextLatencyMs(): number {
    const { min, max } = this.settings.latencyMs;
    return max === 0 ? 0 : min + this.draw('latency') * (max - min);
  }

  draw(purpose: string): number {
    this.#draws += 1;
    return chance(this.#seed, purpose, this.#draws);
  }

  /** As on the first day. Calls that still wait for their late answer are forgotten as well. */
  reset(): void {
    this.delays.clear();
    this.board.clear();
    this.store.reset();
    this.settings = this.#firstSettings;
    this.gate = new Gate();
    this.calls = new CallCounters();
    this.stalls.reset();
    this.#draws = 0;
  }

  close(): void {
    this.stalls.disable();
    this.delays.clear();
    this.store.close();
  }
}
