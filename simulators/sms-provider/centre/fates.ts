import { chance, type Span } from '#simulators/kit';
import type { ProviderName, State, Step } from './message.ts';
import { pick } from './pick.ts';
import {
  behaviours,
  endings,
  type Fate,
  type Manner,
  manners,
  type Outcome,
  type Scenario,
  type ScenarioBoard,
} from './scenarios.ts';
import type { Settings } from './settings.ts';

/** What happens to a call about one recipient. */
export interface ChosenFate extends Fate {
  readonly delayMs: number;
  readonly code: string | undefined;
}

export interface Situation {
  readonly provider: ProviderName;
  readonly to: string;
  readonly settings: Settings;
}

/** What is decided about a message in the moment of its acceptance. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Its receipts go out before the caller is answered. */
  readonly isEarly: boolean;
}

export interface PlanInput extends Situation {
  readonly startMs: number;
  readonly validUntilMs: number | undefined;
  /** The states that its provider tells about. */
  readonly told: readonly State[];
}

/** Decides everything that is left to chance, by scenarios first, then by the number's ending, then by the shares. */
export class Fates {
  readonly #seed: number;
  readonly #board: ScenarioBoard;
  readonly #draws = new Map<string, number>();

  constructor(seed: number, board: ScenarioBoard) {
    this.#seed = seed;
    this.#board = board;
  }

  /** A number in [0, 1): the same in every run for the nth time of these words. */
  draw(...words: readonly string[]): number {
    const key = words.join(' ');
    const nth = (this.#draws.get(key) ?? 0) + 1;
    this.#draws.set(key, nth);
    return chance(this.#seed, key, nth);
  }

  between({ max, min }: Span, ...words: readonly string[]): number {
    return max === min ? min : min + this.draw(...words) * (max - min);
  }

  reset(): void {
    this.#draws.clear();
  }

  fateOf(situation: Situation): ChosenFate {
    const { provider, settings, to } = situation;
    const scenario = this.#take('fate', situation);
    const fate = scenario && behaviours[scenario.name].fate;
    const delayMs = scenario?.delayMs ?? settings.lateMs;
    if (fate) return { ...fate, delayMs, code: scenario.code };
    const { acceptRate, cutAfter, cutBefore, hangAfter, hangBefore } = settings;
    const code = undefined;
    const happens = (name: string, share: number) =>
      share > 0 && this.draw(name, provider, to) < share;
    if (happens('hang-before', hangBefore)) return { ...named('hang-before'), delayMs, code };
    if (happens('cut-before', cutBefore)) return { ...named('cut-before'), delayMs, code };
    if (acceptRate < 1 && this.draw('accept', provider, to) >= acceptRate) {
      const refusal = pick(settings.refusals, this.draw('refusal', provider, to)) ?? 'temporary';
      return { ...named(refusal), delayMs, code };
    }
    if (happens('hang-after', hangAfter)) return { ...named('hang-after'), delayMs, code };
    if (happens('cut-after', cutAfter)) return { ...named('cut-after'), delayMs, code };
    return { ...named('normal'), delayMs, code };
  }

  plan(input: PlanInput): Plan {
    const { provider, settings, to } = input;
    const chosen = this.#take('outcome', input);
    const outcome =
      (chosen && behaviours[chosen.name].outcome) ??
      (onlyOne(settings.outcomes) || pick(settings.outcomes, this.draw('outcome', provider, to))) ??
      'delivered';
    const asked = this.#take('manner', input);
    const manner =
      (asked && behaviours[asked.name].manner) ??
      manners.find((name) => settings[name] > 0 && this.draw(name, provider, to) < settings[name]);
    const lateMs = asked?.delayMs ?? settings.lateMs;
    return this.#stepsOf(input, { outcome, code: chosen?.code, manner, lateMs });
  }

  #stepsOf(input: PlanInput, choice: Choice): Plan {
    const { provider, settings, startMs, to, told, validUntilMs } = input;
    const isEarly = choice.manner === 'early';
    const deliverMs = isEarly ? 0 : this.between(settings.deliverMs, 'deliver', provider, to);
    const expires = validUntilMs !== undefined && startMs + deliverMs >= validUntilMs;
    const outcome = expires && choice.outcome === 'delivered' ? 'expired' : choice.outcome;
    const finalMs = expires ? Math.max(startMs, validUntilMs) : startMs + deliverMs;
    const code = choice.code === undefined ? {} : { code: choice.code };
    const sentMs = Math.min(startMs + deliverMs / 2, finalMs);
    const changes: Step[] = [{ n: 0, dueMs: sentMs, state: 'sent' }];
    if (outcome !== 'stuck') changes.push({ n: 1, dueMs: finalMs, state: outcome, ...code });
    const receiptMs = isEarly ? 0 : this.between(settings.receiptMs, 'receipt', provider, to);
    const receipts = changes
      .filter(({ state }) => told.includes(state))
      .map(
        (step): Step => ({ ...step, n: step.n + 10, dueMs: step.dueMs + receiptMs, told: true }),
      );
    const steps = [...changes, ...this.#arrange(receipts, choice, `${provider} ${to}`)];
    return { steps: steps.map((step) => ({ ...step, dueMs: Math.round(step.dueMs) })), isEarly };
  }

  #arrange(receipts: readonly Step[], { lateMs, manner }: Choice, who: string): readonly Step[] {
    switch (manner) {
      case 'missing':
        return [];
      case 'late':
        return receipts.map((step) => ({ ...step, dueMs: step.dueMs + lateMs }));
      case 'reordered': {
        const lastMs = receipts.at(-1)?.dueMs ?? 0;
        return receipts.toReversed().map((step, place) => ({ ...step, dueMs: lastMs + place }));
      }
      case 'duplicated': {
        const copies = this.draw('copies', who) < 0.5 ? [100] : [100, 200];
        const again = copies.flatMap((plus) =>
          receipts.map((step) => ({ ...step, n: step.n + plus, dueMs: step.dueMs + plus / 10 })),
        );
        return [...receipts, ...again];
      }
      default:
        return receipts;
    }
  }

  #take(kind: 'fate' | 'outcome' | 'manner', situation: Situation): Scenario | undefined {
    const { provider, settings, to } = situation;
    const placed = this.#board.take(kind, provider, to);
    if (placed || !settings.endings) return placed;
    const name = endings[to.slice(-2)];
    return name !== undefined && behaviours[name][kind] !== undefined ? { name } : undefined;
  }
}

interface Choice {
  readonly outcome: Outcome;
  readonly code: string | undefined;
  readonly manner: Manner | undefined;
  readonly lateMs: number;
}

function named(name: Scenario['name']): Fate {
  const { fate } = behaviours[name];
  if (!fate) throw new Error(`must hold: ${name} is what happens to a call`);
  return fate;
}

/** No chance is needed where there is nothing to choose. */
function onlyOne(weights: Settings['outcomes']): Outcome | undefined {
  const names = Object.keys(weights) as Outcome[];
  return names.length === 1 ? names[0] : undefined;
}
