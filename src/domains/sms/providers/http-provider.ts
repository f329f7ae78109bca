import type { Clock } from '#clock';
import { type Caller, createCaller, type Exchange } from '#exchange';
import type { TransactionLogEntry } from '#operators';
import type {
  ProviderCallback,
  SmsAnswer,
  SmsCapabilities,
  SmsOrder,
  SmsOutcome,
  SmsProvider,
  SmsQuestion,
  StatusReport,
} from '#sms/provider';
import { type Answer, toAnswer } from './answer.ts';
import type {
  Account,
  AskedMessage,
  CancelResult,
  HttpContract,
  ProviderRequest,
} from './contract.ts';
import { notSent } from './faults.ts';
import { judgeOrder } from './judge-order.ts';
import { redactAnswer, redactText, secretTexts } from './redact.ts';

export interface HttpProviderOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly connections: number;
}

/** From the statement that begins a message to the one that records it, beside the call itself. */
const LEASE_MARGIN_MS = 15_000;
const ASK_SIDE_BY_SIDE = 4;

/** A talk with a provider over HTTP, in the words of its contract. Nothing is sent twice in here. */
export function createHttpProvider<Settings, Secrets>(
  contract: HttpContract<Settings, Secrets>,
  account: Account<Settings, Secrets>,
  options: HttpProviderOptions,
): SmsProvider {
  const { clock, name, timeoutMs } = options;
  const talk = new HttpTalk(contract, account, options);
  const { capabilities } = talk;
  const { balance, readCallback, status } = contract;
  return {
    ...{ name, capabilities, close: () => talk.close() },
    longestMs: () => timeoutMs + LEASE_MARGIN_MS,
    send: (order) => talk.send(order),
    ...(status && capabilities.status
      ? { ask: (questions: readonly SmsQuestion[]) => talk.ask(questions) }
      : {}),
    ...(contract.cancel && capabilities.cancel
      ? { cancel: (question: SmsQuestion) => talk.cancel(question) }
      : {}),
    ...(balance && capabilities.balance
      ? {
          balance: async () => {
            const answer = await talk.hear(balance.toRequest(account));
            return answer && balance.readBalance(answer, account);
          },
        }
      : {}),
    ...(readCallback
      ? {
          readCallback: (callback: ProviderCallback) =>
            readCallback.call(contract, callback, account, clock.now()),
        }
      : {}),
  };
}

class HttpTalk<Settings, Secrets> {
  readonly capabilities: SmsCapabilities;
  readonly #contract: HttpContract<Settings, Secrets>;
  readonly #account: Account<Settings, Secrets>;
  readonly #options: HttpProviderOptions;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #secrets: readonly string[];
  readonly #caller: Caller;

  constructor(
    contract: HttpContract<Settings, Secrets>,
    account: Account<Settings, Secrets>,
    options: HttpProviderOptions,
  ) {
    const base = new URL(contract.baseUrl(account));
    const { connections } = options;
    this.#contract = contract;
    this.#account = account;
    this.#options = options;
    this.#origin = base.origin;
    this.#prefix = base.pathname.replace(/\/$/, '');
    this.#secrets = secretTexts(account.secrets);
    this.#caller = createCaller({
      connections: Math.min(connections, contract.connectionsMax ?? connections),
    });
    this.capabilities = contract.capabilities(account);
  }

  async send(order: SmsOrder): Promise<SmsAnswer> {
    const contract = this.#contract;
    const judged = judgeOrder(order, {
      ...{ now: this.#options.clock.now(), timeoutMs: this.#options.timeoutMs },
      ...{ validity: this.capabilities.validity, validityMax: contract.validityMax },
      lettersMax: contract.lettersMax,
    });
    if (judged.outcome === 'not_sent') return { result: judged, log: [] };
    const request = contract.toRequest(order, this.#account, judged.validFor);
    if ('outcome' in request) return { result: request, log: [] };
    const exchange = await this.#call(request);
    const answer = exchange.outcome === 'answered' ? toAnswer(exchange) : undefined;
    const result = answer
      ? contract.readAnswer(answer, order, this.#account)
      : unanswered(exchange);
    return { result, log: [this.#toEntry(order, { request, exchange, answer, result })] };
  }

  async ask(questions: readonly SmsQuestion[]): Promise<readonly StatusReport[]> {
    const { status } = this.#contract;
    if (!status) return [];
    const asked = questions.flatMap((question) =>
      this.#idsOf(question).map((id) => ({ id, question })),
    );
    const batches = inBatches(asked, status.batch);
    const reports: StatusReport[] = [];
    await Promise.all(
      Array.from({ length: ASK_SIDE_BY_SIDE }, async () => {
        for (let batch = batches.pop(); batch; batch = batches.pop()) {
          const answer = await this.hear(status.toRequest(batch, this.#account));
          const read = answer ? status.readStatus(answer, batch, this.#account) : [];
          reports.push(...withOurIds(read, batch));
        }
      }),
    );
    return reports;
  }

  async cancel(question: SmsQuestion): Promise<CancelResult> {
    const [id] = this.#idsOf(question);
    if (id === undefined || !this.#contract.cancel) return 'unknown';
    return this.#contract.cancel({ id, question }, this.#account, (request) => this.hear(request));
  }

  /** One request and its answer; undefined where none came. */
  async hear(request: ProviderRequest): Promise<Answer | undefined> {
    const exchange = await this.#call(request);
    return exchange.outcome === 'answered' ? toAnswer(exchange) : undefined;
  }

  close(): Promise<void> {
    return this.#caller.close();
  }

  #call(request: ProviderRequest): Promise<Exchange> {
    const { timeoutMs } = this.#options;
    return this.#caller.call(this.#origin, {
      ...request,
      ...{ path: this.#prefix + request.path, timeoutMs },
    });
  }

  #idsOf(question: SmsQuestion): readonly string[] {
    return this.#contract.status?.idsOf?.(question, this.#account) ?? question.providerMessageIds;
  }

  #toEntry(order: SmsOrder, said: Said): TransactionLogEntry {
    const { answer, exchange, request, result } = said;
    const { clock, name } = this.#options;
    const hidden = { body: order.body, secrets: this.#secrets };
    const code = result.outcome === 'accepted' ? undefined : redactText(result.reason, hidden);
    const [path] = request.path.split('?');
    const shown = redactText(`${path} ${order.sender}`, hidden);
    return {
      ...{ at: clock.now().toISOString(), operator: name, kind: 'sms', msisdn: order.recipient },
      ...{ reference: order.sms, decision: result.outcome, ...(code ? { code } : {}) },
      ...(answer ? { http_status: answer.status } : {}),
      took_ms: exchange.tookMs,
      request: `${request.method} ${shown}: ${order.body.length} letters`,
      response: answer ? redactAnswer(answer, hidden) : (code ?? ''),
    };
  }
}

interface Said {
  readonly request: ProviderRequest;
  readonly exchange: Exchange;
  readonly answer: Answer | undefined;
  readonly result: SmsOutcome;
}

function unanswered(exchange: Exchange): SmsOutcome {
  if (exchange.outcome === 'not_sent') return notSent('unreachable', exchange.reason);
  const reason = exchange.outcome === 'unknown' ? exchange.reason : 'unreadable';
  return { outcome: 'unknown', reason };
}

function inBatches(asked: readonly AskedMessage[], size: number): AskedMessage[][] {
  const batches: AskedMessage[][] = [];
  for (let at = 0; at < asked.length; at += size) batches.push(asked.slice(at, at + size));
  return batches;
}

/** What was asked about is ours: the report says which message. */
function withOurIds(
  reports: readonly StatusReport[],
  asked: readonly AskedMessage[],
): readonly StatusReport[] {
  const known = new Map(asked.map(({ id, question }) => [id, question.sms]));
  return reports.map((report) => {
    const sms = known.get(report.providerMessageId);
    return sms === undefined ? report : { ...report, sms };
  });
}
