import { sql } from '#database';
import { parseId } from '#ids';
import type { Credit } from './operator-book.ts';
import type { Stage } from './stage.ts';

interface Refund {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly refund_of: bigint;
  readonly msisdn: string;
  readonly amount_minor: bigint;
  readonly state: string;
}

/**
 * The operator's credits are our refunds, each at most once, and exactly once where we say refunded; of a charge never
 * more is given back than was taken; and what was taken after STOP was given back.
 */
export async function judgeRefunds({ book, database }: Stage): Promise<string[]> {
  const credits = await book.credits();
  const { rows: refunds } = await sql<Refund>`
    select * from payments.payment where kind = 'refund'`.execute(database.pool);
  const refundOf = new Map(refunds.map((refund) => [refund.id.toString(), refund]));
  const byRefund = Map.groupBy(credits, (credit) => credit.transaction_id);
  const findings = credits.flatMap((credit) =>
    judgeCredit(credit, refundOf.get(credit.transaction_id)),
  );
  for (const [id, some] of byRefund) {
    if (some.length > 1) findings.push(`refund ${id} was given ${some.length} times`);
  }
  for (const { id, state } of refunds) {
    if (state === 'accepted' && !byRefund.has(id.toString()))
      findings.push(`refund ${id} counts as given, and the operator knows nothing of it`);
  }
  const { rows } = await contradictions.execute(database.pool);
  return [...findings, ...rows.map(({ what }) => what)];
}

function judgeCredit(credit: Credit, refund: Refund | undefined): string[] {
  const name = `credit ${credit.sequence} of ${credit.msisdn}`;
  if (!refund) return [`${name} is no refund of ours`];
  const findings: string[] = [];
  if (refund.msisdn !== `+${credit.msisdn}`) findings.push(`${name} went to another customer`);
  if (refund.amount_minor !== BigInt(credit.amount_minor))
    findings.push(`${name} is of another amount`);
  const charge = parseId('pay', credit.external_data);
  if (charge.id !== refund.refund_of || charge.customerId !== refund.customer_id)
    findings.push(`${name} names another charge`);
  const open = ['sending', 'unknown'].includes(refund.state);
  if (!open && refund.state !== 'accepted') findings.push(`${name} counts as ${refund.state}`);
  return findings;
}

/**
 * `calls` counts what versions that know refunds have done: a charge that an older one had in its hands is not given
 * back by itself.
 */
const contradictions = sql<{ what: string }>`
  with charge as (
    select c.*, coalesce(sum(r.amount_minor) filter (where r.state = 'accepted'), 0) as given_minor,
      coalesce(sum(r.amount_minor) filter (where r.closed_at is null or r.state = 'accepted'), 0) as promised_minor,
      count(*) filter (where r.refund_reason = 'after_stop' and (r.closed_at is null or r.state = 'accepted'))
        as after_stop
    from payments.payment c
    left join payments.payment r on r.customer_id = c.customer_id and r.refund_of = c.id
    where c.kind = 'charge' group by c.customer_id, c.id
  )
  select 'charge ' || id || ' of ' || amount_minor || ' has promised ' || refunded_minor || ' and refunds of ' ||
      promised_minor as what
    from charge where refunded_minor <> promised_minor or given_minor > amount_minor
  union all
  select 'charge ' || id || ' was taken after STOP and ' || given_minor || ' of ' || amount_minor || ' given back, in ' ||
      after_stop || ' refunds'
    from charge
    where state = 'accepted' and stopped_at is not null and calls = attempts + inquiries
      and (given_minor <> amount_minor or after_stop <> 1)
  union all
  select 'refund ' || r.id || ' is of no accepted charge' from payments.payment r
    left join payments.payment c on c.customer_id = r.customer_id and c.id = r.refund_of and c.kind = 'charge'
      and c.state = 'accepted' and c.gateway = r.gateway and c.currency = r.currency
    where r.kind = 'refund' and c.id is null`;
