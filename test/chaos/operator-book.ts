/** What the operator itself says, read over HTTP from its simulator: the only witness of what was taken and given back. */
export interface OperatorBook {
  debits(): Promise<readonly Debit[]>;
  credits(): Promise<readonly Credit[]>;
  /** SMS on handsets. */
  delivered(): Promise<readonly Delivered[]>;
  /** A number of its /metrics. */
  metric(name: string): Promise<number>;
  /** `POST`, or `PUT` of settings and customers; see the simulator's README. */
  tell(path: string, body: object, method?: 'POST' | 'PUT' | 'DELETE'): Promise<void>;
}

export interface Debit {
  readonly sequence: number;
  readonly msisdn: string;
  readonly transaction_id: string;
  readonly amount_minor: number;
  readonly at: string;
  /** Our reference of the bill, `sub_…/0`. */
  readonly external_data: string;
}

/** Money given back; `external_data` is the charge's `pay_…`. */
export type Credit = Debit;

export interface Delivered {
  readonly direction: 'mo' | 'mt';
  readonly client_id: string;
  readonly to: string;
  readonly text: string;
}

export function openBook(url: string): OperatorBook {
  async function pages<Row>(path: string, read: (page: never) => readonly Row[]): Promise<Row[]> {
    const rows: Row[] = [];
    for (let since: number | null = 0; since !== null; ) {
      const answer: Response = await fetch(`${url}${path}?since=${since}`);
      const page = (await answer.json()) as { next_since: number | null };
      rows.push(...read(page as never));
      since = page.next_since;
    }
    return rows;
  }
  return {
    debits: () => pages('/ledger', (page: { debits: readonly Debit[] }) => page.debits),
    credits: () => pages('/credits', (page: { credits: readonly Credit[] }) => page.credits),
    delivered: async () => {
      const all = await pages(
        '/messages',
        (page: { messages: readonly Delivered[] }) => page.messages,
      );
      return all.filter(({ direction }) => direction === 'mt');
    },
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.split(' ')[1]);
    },
    async tell(path, body, method = 'POST') {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    },
  };
}
