/** One setting, declared once: it is read, explained, checked and printed from here. */
export interface Setting<Value> {
  /** The environment variable. */
  readonly name: string;
  /** What a value looks like, for people: `port`, `URL`, `on or off`. */
  readonly kind: string;
  /** One sentence that says what it does. */
  readonly sentence: string;
  /** The value as somebody would write it when nothing is set; it may follow settings that stand above. */
  readonly fallback: string | ((above: SettingValues) => string);
  /** What the fallback is, where it follows from others: shown in place of a value. */
  readonly fallbackShown?: string;
  /** Its value must never be printed. */
  readonly secret?: boolean;
  /** Throws `SettingFault` with words that a person can act on. */
  readonly parse: (text: string) => Value;
}

/** Values of the settings above, by variable. */
export type SettingValues = (name: string) => unknown;

/** Why a value can't be used. `code` is searchable: `kopek explain KOP-0120`. */
export class SettingFault extends Error {
  readonly code: string;
  /** Why Kopek insists. */
  readonly why: string | undefined;
  /** What to write instead. */
  readonly instead: string | undefined;

  constructor(
    code: string,
    message: string,
    more: { readonly why?: string; readonly instead?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.why = more.why;
    this.instead = more.instead;
  }
}

export function setting<Value>(declared: Setting<Value>): Setting<Value> {
  return declared;
}
