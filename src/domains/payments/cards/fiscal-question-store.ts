import { type Executor, sql, type Tx } from '#database';
import type { FiscalFacts } from '#payments/card-gateway';
import type { NewTransaction } from '#payments/transaction-store';

/** A fiscal receipt that a gateway is to be asked about. */
export interface FiscalQuestion {
  readonly gateway: string;
  readonly transaction: string;
  readonly kind: FiscalFacts['kind'];
  readonly customer_id: bigint;
  readonly payment_id: bigint;
  /** When its operation was carried out, by the gateway's clock. */
  readonly at: Date;
  /** How often it was answered. */
  readonly asked: number;
}

/** In one order: of two sets neither waits for both. */
export async function insertFiscalQuestions(
  tx: Tx,
  input: {
    readonly transactions: readonly NewTransaction[];
    readonly dueAt: Date;
    readonly now: Date;
  },
): Promise<void> {
  if (input.transactions.length === 0) return;
  const ordered = input.transactions.toSorted((one, other) =>
    one.transaction < other.transaction ? -1 : 1,
  );
  await sql`
    insert into payments.fiscal_question (gateway, transaction, kind, customer_id, payment_id, at, due_at, began_at)
    select gateway, transaction, kind, customer_id, payment_id, at, ${input.dueAt}, ${input.now}
    from unnest(
      ${ordered.map((one) => one.gateway)}::text[], ${ordered.map((one) => one.transaction)}::text[],
      ${ordered.map(({ kind }) => (kind === 'refund' ? 'return' : 'sale'))}::text[],
      ${ordered.map((one) => one.customerId)}::bigint[], ${ordered.map((one) => one.paymentId)}::bigint[],
      ${ordered.map((one) => one.at)}::timestamptz[]
    ) as n (gateway, transaction, kind, customer_id, payment_id, at)
    on conflict do nothing`.execute(tx);
}

/** Those whose time has come, of one rung of the ladder and near each other in time; nobody else asks about them for a while. */
export async function claimFiscalQuestions(
  executor: Executor,
  input: {
    readonly gateway: string;
    readonly leaseMs: number;
    readonly most: number;
    readonly now: Date;
  },
): Promise<readonly FiscalQuestion[]> {
  const { gateway, leaseMs, most, now } = input;
  const { rows } = await sql<FiscalQuestion>`
    with due as (
      select gateway, transaction, asked, at from payments.fiscal_question
      where state = 'open' and gateway = ${gateway} and due_at <= ${now} and lease_until < clock_timestamp()
    ), k as (
      select q.gateway, q.transaction from payments.fiscal_question q
      join due d on d.gateway = q.gateway and d.transaction = q.transaction
      where d.asked = (select min(asked) from due) and q.state = 'open' and q.lease_until < clock_timestamp()
      order by d.at, d.transaction limit ${most} for update of q skip locked
    )
    update payments.fiscal_question q set lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1000})
    from k where q.gateway = k.gateway and q.transaction = k.transaction
    returning q.gateway, q.transaction, q.kind, q.customer_id, q.payment_id, q.at, q.asked`.execute(
    executor,
  );
  return rows;
}

/** They are registered: nothing is asked any more. */
export async function removeFiscalQuestions(
  tx: Tx,
  questions: readonly FiscalQuestion[],
): Promise<void> {
  if (questions.length === 0) return;
  await sql`
    delete from payments.fiscal_question q using (${keysOf(questions)}) k
    where q.gateway = k.gateway and q.transaction = k.transaction`.execute(tx);
}

/** What an answer came to that did not tell of a registration. */
export interface FiscalStep {
  readonly question: FiscalQuestion;
  readonly state: 'open' | 'cancelled' | 'unanswered';
  readonly isPending: boolean;
  readonly isLate: boolean;
  readonly dueAt: Date;
}

/** Only where nobody else has heard an answer meanwhile. */
export async function stepFiscalQuestions(tx: Tx, steps: readonly FiscalStep[]): Promise<void> {
  if (steps.length === 0) return;
  await sql`
    update payments.fiscal_question q set asked = q.asked + 1, state = n.state, is_pending = n.is_pending,
      is_late = n.is_late, due_at = n.due_at, lease_until = '-infinity'
    from unnest(
      ${steps.map(({ question }) => question.gateway)}::text[], ${steps.map(({ question }) => question.transaction)}::text[],
      ${steps.map(({ question }) => question.asked)}::integer[], ${steps.map((one) => one.state)}::text[],
      ${steps.map((one) => one.isPending)}::boolean[], ${steps.map((one) => one.isLate)}::boolean[],
      ${steps.map((one) => one.dueAt)}::timestamptz[]
    ) as n (gateway, transaction, asked, state, is_pending, is_late, due_at)
    where q.gateway = n.gateway and q.transaction = n.transaction and q.state = 'open' and q.asked = n.asked`.execute(
    tx,
  );
}

/** Nobody answered: they are asked again, and it counts for nothing. */
export async function putOffFiscalQuestions(
  executor: Executor,
  input: { readonly questions: readonly FiscalQuestion[]; readonly dueAt: Date },
): Promise<void> {
  if (input.questions.length === 0) return;
  await sql`
    update payments.fiscal_question q set due_at = ${input.dueAt}, lease_until = '-infinity'
    from (${keysOf(input.questions)}) k
    where q.gateway = k.gateway and q.transaction = k.transaction and q.state = 'open'`.execute(
    executor,
  );
}

/** In one order. */
function keysOf(questions: readonly FiscalQuestion[]) {
  return sql`select * from unnest(${questions.map((one) => one.gateway)}::text[],
    ${questions.map((one) => one.transaction)}::text[]) as u (gateway, transaction) order by gateway, transaction`;
}
