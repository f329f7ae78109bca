/** What the providers' simulator says: the handsets are the only witness of what was sent. */
export interface SmsBook {
  /** Everything that is on a handset, in the order of its arrival. */
  received(): Promise<readonly OnHandset[]>;
  /** Everything that a provider has accepted, whatever became of it. */
  accepted(): Promise<readonly OnHandset[]>;
  /** Texts of one handset. */
  textsOf(msisdn: string): Promise<readonly string[]>;
  /** `POST`, or `PUT` and `DELETE`, of its controls; see the simulator's README. */
  tell(path: string, body?: object, method?: 'POST' | 'PUT' | 'DELETE'): Promise<void>;
  /** The next call that sends to this number meets this. */
  befall(name: string, msisdn: string, more?: object): Promise<void>;
  /** How one provider behaves from now on; `all`: all of them. */
  set(provider: string, settings: object): Promise<void>;
}

export interface OnHandset {
  readonly sequence: number;
  /** Without the plus. */
  readonly msisdn: string;
  readonly provider: string;
  readonly client_id: string | null;
  readonly text: string;
  readonly state: string;
  readonly accepted_at: string;
  /** When the handset got it. */
  readonly at: string | null;
  readonly valid_until: string | null;
}

const PAGE = 100_000;

export function openSmsBook(url: string): SmsBook {
  async function read<Answer>(path: string): Promise<Answer> {
    const answer = await fetch(url + path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
  const tell: SmsBook['tell'] = async (path, body = {}, method = 'POST') => {
    const headers = { 'content-type': 'application/json' };
    const init = method === 'DELETE' ? { method } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(url + path, init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  };
  const received = async (query = '') =>
    (await read<{ received: OnHandset[] }>(`/ledger?limit=${PAGE}${query}`)).received;
  return {
    received,
    accepted: async () =>
      (await read<{ messages: OnHandset[] }>(`/messages?limit=${PAGE}`)).messages,
    textsOf: async (msisdn) =>
      (await received(`&msisdn=${msisdn.replace('+', '')}`)).map(({ text }) => text),
    tell,
    befall: (name, msisdn, more = {}) =>
      tell('/control/scenarios', { name, msisdn: msisdn.replace('+', ''), times: 1, ...more }),
    set: (provider, settings) => tell(`/control/settings/${provider}`, settings, 'PUT'),
  };
}
