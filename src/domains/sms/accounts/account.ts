/** How a provider is reached, as it may be shown: without its credentials. */
export interface ProviderAccount {
  /** As topics, routes and logs call it. */
  readonly name: string;
  /** One of `providerKinds`. */
  readonly kind: string;
  readonly title: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly requestsPerSecond: number;
  /** Of messages that show one sender; undefined: as many as the provider takes. */
  readonly senderPerSecond: number | undefined;
  /** Of messages of one legal entity. */
  readonly entityPerSecond: number | undefined;
  /** Grows with each change: a session of an older one is opened anew. */
  readonly version: number;
}

/** What is saved: `secrets` absent keeps those that are there. */
export interface NewAccount extends Omit<ProviderAccount, 'version'> {
  readonly secrets: Readonly<Record<string, unknown>> | undefined;
}

export interface AccountState {
  readonly account: ProviderAccount;
  readonly sealedSecrets: string;
  /** Nothing is sent for so long yet, by the database's clock. */
  readonly openMs: number;
  readonly closedReason: string | undefined;
}
