/** Who brings messages to handsets: one name per contract. */
export const providerNames = [
  'smsc',
  'sms-aero',
  'sms-ru',
  'exolve',
  'twilio',
  'generic-http',
  'smpp',
] as const;
export type ProviderName = (typeof providerNames)[number];

export const states = [
  'scheduled',
  'accepted',
  'sent',
  'delivered',
  'undelivered',
  'expired',
  'rejected',
  'canceled',
] as const;
export type State = (typeof states)[number];

/** One message as a contract understood it. */
export interface Order {
  readonly provider: ProviderName;
  /** Digits, without `+`. */
  readonly to: string;
  readonly from: string;
  readonly text: string;
  readonly parts: number;
  /** The id by which the provider knows it; absent: the centre makes one. Not unique where the caller chooses it. */
  readonly providerId?: string;
  /** The caller's own id, where the contract has one. */
  readonly clientId?: string;
  readonly sendAtMs?: number;
  /** From then on the network drops it. */
  readonly validUntilMs?: number;
  /** Where its receipts go, instead of the provider's setting. */
  readonly callbackUrl?: string;
  /** Of a message that its sender cut himself (SMPP): the handset shows the parts joined. */
  readonly part?: {
    readonly reference: number;
    readonly total: number;
    readonly number: number;
  };
  /** What else the contract has to show again. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** One thing that will become of a message, or be told about it, decided when it is accepted. */
export interface Step {
  readonly n: number;
  readonly dueMs: number;
  readonly state: State;
  /** The network's own error code of this state, where a scenario names one. */
  readonly code?: string;
  /** A receipt about the state; without it, the state itself. */
  readonly told?: true;
}

export interface Message extends Order {
  readonly sequence: number;
  readonly providerId: string;
  readonly acceptedMs: number;
  readonly costMinor: number;
  state: State;
  stateMs: number;
  code: string | undefined;
  /** When the handset got it. */
  receivedMs: number | undefined;
  /** What is still to come. */
  steps: readonly Step[];
}

/** A receipt that is due: `state` at `stateMs` is told, whatever the message's state is by now. */
export interface Receipt {
  readonly message: Message;
  readonly state: State;
  readonly stateMs: number;
  readonly code: string | undefined;
}

/** What a handset's owner wrote. */
export interface Incoming {
  readonly id: string;
  readonly provider: ProviderName;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly atMs: number;
}
