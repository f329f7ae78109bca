import { type Executor, prepared, sql, type Tx } from '#database';

// Every function takes one JSON array, made of the messages' own texts, and writes all of its rows in one
// statement. What a row lacks is null; what a table insists on and a message lacks fails that message.

/** One row of `reports.hit` each, and the line `hit.access` of the number's story, or of the hit's own. */
export async function insertHits(tx: Tx, json: string): Promise<void> {
  await prepared`
    with event as materialized (
      select * from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, hit text,
        campaign text, msisdn text, msisdn_source text, msisdn_error text, aff_sub text, aff_pub text,
        address text, user_agent text, referer text, path text)
    ), hit as (
      insert into reports.hit (at, hit, campaign, msisdn, msisdn_source, msisdn_error, aff_sub, aff_pub,
        address, user_agent, referer, path)
      select at, hit, campaign, msisdn, msisdn_source, msisdn_error, aff_sub, aff_pub, address, user_agent,
        referer, path
      from event
    )
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select coalesce(msisdn, hit), at, message_id, 'hit.access', hit, jsonb_strip_nulls(jsonb_build_object(
      'campaign', campaign, 'path', path, 'msisdn_source', msisdn_source,
      'msisdn_error', msisdn_error, 'aff_sub', aff_sub, 'aff_pub', aff_pub))
    from event`.execute(tx);
}

/**
 * One row of `reports.user_action` each, and its line, `action.pull_click` for instance. The access itself is
 * told by the hit's line. A number that was named in a visit gets that visit's lines from before into its story.
 */
export async function insertUserActions(tx: Tx, json: string): Promise<void> {
  await prepared`
    with event as materialized (
      select * from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, hit text,
        action text, campaign text, msisdn text, error text)
    ), action as (
      insert into reports.user_action (at, hit, action, campaign, msisdn, error)
      select at, hit, action, campaign, msisdn, error from event
    ), visit as (
      insert into reports.visit (msisdn, hit, at)
      select msisdn, hit, min(at) from event where msisdn is not null
      group by msisdn, hit order by msisdn, hit
      on conflict on constraint visit_pkey do nothing
    )
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select coalesce(msisdn, hit), at, message_id, 'action.' || action, hit,
      jsonb_strip_nulls(jsonb_build_object('campaign', campaign, 'error', error))
    from event where action <> 'access'`.execute(tx);
}

export async function insertSubscriptionEvents(tx: Tx, json: string): Promise<void> {
  await prepared`
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select msisdn, at, message_id, 'subscription.' || event, subscription,
      jsonb_strip_nulls(jsonb_build_object('service', service, 'operator', operator, 'status', status,
        'period', period, 'bill', bill, 'amount_minor', amount_minor, 'currency', currency, 'reason', reason))
    from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, event text,
      subscription text, msisdn text, service text, operator text, status text, period integer, bill text,
      amount_minor bigint, currency text, reason text)`.execute(tx);
}

/** The lines, and for each gateway when it last took money. */
export async function insertPaymentEvents(tx: Tx, json: string): Promise<void> {
  await prepared`
    with event as materialized (
      select * from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, event text,
        payment text, reference text, msisdn text, amount_minor bigint, currency text, reason text,
        gateway text)
    ), last_charge as (
      insert into reports.last_charge (operator, at)
      select gateway, max(at) from event where event = 'accepted' group by gateway order by gateway
      on conflict (operator) do update set at = greatest(last_charge.at, excluded.at)
    )
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select msisdn, at, message_id, 'payment.' || event, payment, jsonb_strip_nulls(jsonb_build_object(
      'reference', reference, 'amount_minor', amount_minor, 'currency', currency, 'reason', reason,
      'gateway', gateway))
    from event`.execute(tx);
}

/** A link in a text opens something for whoever holds it: its last part, where it is long, is blotted out. */
export async function insertSmsEvents(tx: Tx, json: string): Promise<void> {
  await prepared`
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select msisdn, at, message_id, 'sms.' || event, sms, jsonb_strip_nulls(jsonb_build_object(
      'kind', kind, 'text', regexp_replace(text, '(https?://\\S*/)[^\\s/]{12,}', '\\1•••', 'g'),
      'reference', reference, 'reason', reason, 'provider', provider, 'entity', entity, 'not_before', not_before,
      'decision', decision))
    from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, event text, sms text,
      kind text, msisdn text, reference text, text text, reason text, provider text, entity text, not_before text,
      decision jsonb)`.execute(tx);
}

/** A partner's story has its lines under `client:` and its id: see `clientStory`. */
export async function insertPayoutEvents(tx: Tx, json: string): Promise<void> {
  await prepared`
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select 'client:' || client_id, at, message_id, 'payout.' || event, payout, jsonb_strip_nulls(jsonb_build_object(
      'amount_minor', amount_minor, 'currency', currency, 'state', state, 'reason', reason))
    from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, event text, payout text,
      client_id text, state text, amount_minor bigint, currency text, reason text)`.execute(tx);
}

export async function insertContentEvents(tx: Tx, json: string): Promise<void> {
  await prepared`
    insert into reports.timeline (story, at, message_id, kind, subject, detail)
    select msisdn, at, message_id, 'content.' || event, subscription, jsonb_strip_nulls(jsonb_build_object(
      'bill', bill, 'item', item, 'reason', reason))
    from json_to_recordset(${json}::json) as e (message_id uuid, at timestamptz, event text, msisdn text,
      subscription text, bill text, item text, reason text)`.execute(tx);
}

/** `writeSubscriptionStatus` and `writeTransaction`: a message carries rows of one of them. */
export async function insertManagerRows(tx: Tx, json: string): Promise<void> {
  await prepared`
    with message as materialized (
      select * from json_to_recordset(${json}::json) as m (action text, rows json)
    ), status as (
      insert into reports.subscription_status (at, subscription, msisdn, status, reason)
      select r.* from message m cross join lateral json_to_recordset(m.rows)
        as r (at timestamptz, subscription text, msisdn text, status text, reason text)
      where m.action = 'writeSubscriptionStatus'
    )
    insert into reports.transaction (at, subscription, payment, msisdn, operator, service, period,
      amount_minor, currency, result, reason)
    select r.* from message m cross join lateral json_to_recordset(m.rows)
      as r (at timestamptz, subscription text, payment text, msisdn text, operator text, service text,
        period integer, amount_minor bigint, currency text, result text, reason text)
    where m.action = 'writeTransaction'`.execute(tx);
}

export async function insertTransactionLog(tx: Tx, json: string): Promise<void> {
  await prepared`
    insert into reports.transaction_log (at, operator, kind, msisdn, reference, amount_minor, currency,
      decision, code, http_status, took_ms, request, response)
    select e.* from json_to_recordset(${json}::json) as m (entries json)
    cross join lateral json_to_recordset(m.entries)
      as e (at timestamptz, operator text, kind text, msisdn text, reference text, amount_minor bigint,
        currency text, decision text, code text, http_status smallint, took_ms integer, request text,
        response text)`.execute(tx);
}

/** When each operator last took money. */
export async function readLastCharges(
  executor: Executor,
): Promise<readonly { readonly operator: string; readonly at: Date }[]> {
  const { rows } = await sql<{ operator: string; at: Date }>`
    select operator, at from reports.last_charge order by operator limit 1000`.execute(executor);
  return rows;
}
