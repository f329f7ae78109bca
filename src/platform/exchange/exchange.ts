/** What came of one request to somebody outside. Whether it can have had an effect is the first question. */
export type Exchange =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      /** Names in lower case; of a repeated one the last. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly tookMs: number;
    }
  /** It certainly never reached the other end. */
  | { readonly outcome: 'not_sent'; readonly reason: string; readonly tookMs: number }
  /** It may have been carried out: no answer, or a torn one. */
  | { readonly outcome: 'unknown'; readonly reason: string; readonly tookMs: number };
