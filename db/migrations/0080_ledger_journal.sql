create schema ledger;

-- What kinds of accounts there are: written from the configuration at every start.
create table ledger.account_type (
  name text primary key,
  title text not null,
  normal_side text not null constraint account_type_side_known check (normal_side in ('debit', 'credit')),
  may_go_below_zero boolean not null,
  -- Its accounts are in this currency only; null: in any.
  currency text,
  -- What a fact takes beyond zero goes to the same client's account of this type, and credits pay that first.
  debt_type text references ledger.account_type,
  constraint account_type_debt_of_guarded check (debt_type is null or not may_go_below_zero)
);

create table ledger.account (
  id bigint generated always as identity primary key,
  type text not null references ledger.account_type,
  -- Whose it is: a partner, a gateway, an operator; empty where it is the house's own.
  client_id text not null,
  currency text not null constraint account_currency_iso check (currency ~ '^[A-Z]{3}$'),
  -- Tells apart the accounts of one type that a client has.
  label text not null default '',
  metadata jsonb not null default '{}',
  created_at timestamptz not null,
  constraint account_once unique (client_id, type, currency, label)
);

-- The only hot rows: narrow, without further indexes or references, updated in place. Credit is positive, debit negative.
create table ledger.balance (
  account_id bigint primary key,
  posted bigint not null default 0,
  -- Reserved on its normal side, and not to be spent.
  held bigint not null default 0 constraint balance_held_not_negative check (held >= 0),
  -- How many entries it has: the number of the last one.
  entries bigint not null default 0,
  -- 1 where credit is its normal side, -1 where debit is.
  side smallint not null,
  guarded boolean not null,
  currency text not null,
  booked_at timestamptz not null default '-infinity',
  constraint balance_not_below_zero check (not guarded or side * posted - held >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- The journal: one row for each transfer, with its lines. Only ever added to.
create table ledger.transfer (
  -- Made by whoever asks, before asking: asked again it is the same transfer.
  id uuid primary key,
  kind text not null,
  -- What caused it, in the words of whoever asked.
  reference text not null,
  booked_at timestamptz not null,
  accounts bigint[] not null,
  amounts bigint[] not null,
  -- Of what was asked for: a second request of this id must be the same.
  fingerprint uuid not null,
  reverses uuid,
  metadata jsonb,
  constraint transfer_lines_paired check (cardinality(accounts) = cardinality(amounts))
);
create unique index transfer_reversed_once on ledger.transfer (reverses) where reverses is not null;

-- The pages of each account, numbered without a gap, each with the balance after it. Only ever added to.
create table ledger.entry (
  account_id bigint not null,
  number bigint not null,
  transfer_id uuid not null,
  amount bigint not null constraint entry_amount_nonzero check (amount <> 0),
  balance bigint not null,
  booked_at timestamptz not null,
  constraint entry_pkey primary key (account_id, number)
);

-- Money set aside: posted, given back, or given back by itself when its time is over.
create table ledger.hold (
  id uuid primary key,
  kind text not null,
  reference text not null,
  accounts bigint[] not null,
  -- How much of each account is set aside, always positive.
  amounts bigint[] not null,
  fingerprint uuid not null,
  state text not null default 'open'
    constraint hold_state_known check (state in ('open', 'posted', 'voided', 'expired')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  -- The transfer that it became.
  transfer_id uuid,
  constraint hold_ended_when_not_open check ((ended_at is null) = (state = 'open'))
);
create index hold_open_by_expiry on ledger.hold (expires_at) where state = 'open';

-- Sets that stand in no sealed block yet, in the order in which they were posted.
create table ledger.unsealed (
  number bigint generated always as identity primary key,
  transfers uuid[] not null
);

-- The chain: each block's hash covers its transfers and the block before it.
create table ledger.block (
  number bigint primary key,
  transfers uuid[] not null,
  previous bytea not null,
  hash bytea not null,
  sealed_at timestamptz not null
);

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of %.% is refused: the journal is only ever added to', tg_op, tg_table_schema, tg_table_name
    using errcode = 'LG001';
end $$;

create trigger transfer_is_final before update or delete or truncate on ledger.transfer
  for each statement execute function ledger.refuse_change();
create trigger entry_is_final before update or delete or truncate on ledger.entry
  for each statement execute function ledger.refuse_change();
create trigger block_is_final before update or delete or truncate on ledger.block
  for each statement execute function ledger.refuse_change();
revoke update, delete, truncate on ledger.transfer, ledger.entry, ledger.block from public;

-- Posts transfers in their order, in sets that are posted whole or not at all. Answers only what was not posted:
-- `place` is that in `ids`. A mode is p for plain, f for a fact that is never refused, m for a move of at most its amount,
-- from its first line's account to its second line's. Every account is locked once, in the order of ids, and written once.
create function ledger.post(
  ids uuid[], sets integer[], modes text[], kinds text[], refs text[], fingerprints uuid[], reversed uuid[],
  metadatas text[],
  -- Of all lines, one transfer's after the other's: places in `account_ids`; credit is positive.
  line_counts integer[], line_places integer[], debt_places integer[], line_amounts bigint[],
  -- Each once, ascending.
  account_ids bigint[],
  at timestamptz
) returns table (place integer, outcome text, refusing bigint) language plpgsql as $$
#variable_conflict error
declare
  total integer := cardinality(ids);
  balances bigint[]; holds bigint[]; numbers bigint[]; numbers_before bigint[];
  sides smallint[]; guards boolean[]; currencies text[];
  -- What each transfer is: p posted, x not to be posted.
  fates text[] := array_fill('p'::text, array[total]);
  firsts integer[] := array_fill(0, array[total]); lasts integer[] := array_fill(0, array[total]);
  room integer := 2 * cardinality(line_places);
  made_amounts bigint[] := array_fill(0::bigint, array[room]); made_numbers bigint[] := made_amounts;
  made_balances bigint[] := made_amounts; made_places integer[] := array_fill(0, array[room]);
  made_of integer[] := made_places;
  made integer := 0; made_of_set integer := 0; first_of_set integer := 1; this_set integer; set_fails boolean := false;
  line integer := 0; last_line integer; p integer; d integer; amount bigint; part bigint; lines_sum bigint;
  first_currency text; mixed boolean; why text; why_account bigint; written integer; wanted integer;
begin
  select array_agg(b.posted), array_agg(b.held), array_agg(b.entries), array_agg(b.side), array_agg(b.guarded),
    array_agg(b.currency), greatest(at, max(b.booked_at))
  into balances, holds, numbers, sides, guards, currencies, at
  from (
    select * from ledger.balance b where b.account_id = any (account_ids) order by b.account_id for no key update
  ) b;
  if cardinality(balances) is distinct from cardinality(account_ids) then
    raise exception 'an account is not there' using errcode = 'LG002';
  end if;
  numbers_before := numbers;

  -- With the locks in hand: who posted the same before has committed, and is seen.
  for p, why in
    select k.nth, case when t.fingerprint = k.fingerprint then 'exists' else 'conflict' end
    from unnest(ids, fingerprints) with ordinality as k (id, fingerprint, nth) join ledger.transfer t on t.id = k.id
  loop
    fates[p] := why;
  end loop;
  if array_remove(reversed, null) <> '{}' then
    for p in
      select k.nth from unnest(ids, reversed) with ordinality as k (id, reverses, nth)
      join ledger.transfer t on t.reverses = k.reverses and t.id <> k.id
    loop
      if fates[p] = 'p' then fates[p] := 'reversed'; end if;
    end loop;
  end if;

  for t in 1 .. total loop
    last_line := line + line_counts[t];
    if sets[t] is distinct from this_set then
      this_set := sets[t];
      first_of_set := t;
      made_of_set := made;
      set_fails := false;
    end if;
    why := null;
    why_account := null;
    if set_fails then
      fates[t] := 'x';
    elsif fates[t] = 'p' then
      firsts[t] := made + 1;
      lines_sum := 0;
      first_currency := null;
      mixed := false;
      if modes[t] = 'm' then
        p := line_places[line + 1];
        part := least(line_amounts[last_line], balances[p] - holds[p]);
        if part <= 0 then
          why := 'below_zero';
          why_account := account_ids[p];
        else
          line_amounts[line + 1] := -part;
          line_amounts[last_line] := part;
        end if;
      end if;
      for l in line + 1 .. last_line loop
        p := line_places[l];
        d := debt_places[l];
        amount := line_amounts[l];
        if first_currency is null then
          first_currency := currencies[p];
        elsif currencies[p] <> first_currency then
          mixed := true;
        end if;
        lines_sum := lines_sum + amount;
        if d > 0 then
          part := 0;
          if amount > 0 and balances[d] < 0 then
            part := least(amount, -balances[d]);
          elsif amount < 0 and modes[t] = 'f' then
            part := least(0, amount + greatest(0, balances[p] - holds[p]));
          end if;
          if part <> 0 then
            made := made + 1;
            balances[d] := balances[d] + part;
            numbers[d] := numbers[d] + 1;
            made_places[made] := d;
            made_of[made] := t;
            made_amounts[made] := part;
            made_numbers[made] := numbers[d];
            made_balances[made] := balances[d];
            amount := amount - part;
          end if;
        end if;
        if amount <> 0 then
          made := made + 1;
          balances[p] := balances[p] + amount;
          numbers[p] := numbers[p] + 1;
          made_places[made] := p;
          made_of[made] := t;
          made_amounts[made] := amount;
          made_numbers[made] := numbers[p];
          made_balances[made] := balances[p];
        end if;
      end loop;
      lasts[t] := made;
      if mixed then
        if exists (
          select from unnest(line_places[line + 1 : last_line], line_amounts[line + 1 : last_line]) as x (at_place, x_amount)
          group by currencies[x.at_place] having sum(x.x_amount) <> 0
        ) then
          lines_sum := 1;
        else
          lines_sum := 0;
        end if;
      end if;
      if lines_sum <> 0 then
        raise exception 'the lines of % do not balance', ids[t] using errcode = 'LG003';
      end if;
      -- Judged when all of its lines are in: what a transfer does between them nobody sees.
      for m in firsts[t] .. made loop
        exit when why is not null;
        p := made_places[m];
        if guards[p] and sides[p] * balances[p] - holds[p] < 0 then
          why := 'below_zero';
          why_account := account_ids[p];
        end if;
      end loop;
    elsif fates[t] <> 'exists' then
      why := fates[t];
    end if;
    if why is not null then
      -- The set is taken back whole.
      set_fails := true;
      for m in reverse made .. made_of_set + 1 loop
        p := made_places[m];
        balances[p] := balances[p] - made_amounts[m];
        numbers[p] := numbers[p] - 1;
      end loop;
      made := made_of_set;
      for s in first_of_set .. t loop
        fates[s] := 'x';
      end loop;
      place := t; outcome := why; refusing := why_account;
      return next;
    elsif fates[t] = 'exists' then
      place := t; outcome := 'exists'; refusing := null;
      return next;
    end if;
    line := last_line;
  end loop;

  if made = 0 then
    return;
  end if;
  update ledger.balance b set posted = c.posted, entries = c.entries, booked_at = at
  from unnest(account_ids, balances, numbers, numbers_before) as c (account_id, posted, entries, before)
  where b.account_id = c.account_id and c.entries > c.before;
  -- What is read as a set costs the same for each; an element or a slice at a time would be read from the beginning.
  insert into ledger.transfer (id, kind, reference, booked_at, accounts, amounts, fingerprint, reverses, metadata)
  select k.id, k.kind, k.ref, at, l.accounts, l.amounts, k.fingerprint, k.reverses, nullif(k.metadata, '')::jsonb
  from unnest(ids, kinds, refs, fingerprints, reversed, metadatas) with ordinality
    as k (id, kind, ref, fingerprint, reverses, metadata, nth)
  join (
    select m.nth, array_agg(account_ids[m.at_place]) as accounts, array_agg(m.amount_minor) as amounts
    from unnest(made_of[1 : made], made_places[1 : made], made_amounts[1 : made]) as m (nth, at_place, amount_minor)
    group by m.nth
  ) l on l.nth = k.nth
  on conflict do nothing;
  get diagnostics written = row_count;
  wanted := cardinality(array_positions(fates, 'p'));
  if written <> wanted then
    raise exception 'the same id was posted at the same time' using errcode = '40001';
  end if;
  insert into ledger.entry (account_id, number, transfer_id, amount, balance, booked_at)
  select account_ids[m.at_place], m.number, ids[m.nth], m.amount_minor, m.balance, at
  from unnest(made_of[1 : made], made_places[1 : made], made_numbers[1 : made], made_amounts[1 : made],
    made_balances[1 : made]) as m (nth, at_place, number, amount_minor, balance);
  insert into ledger.unsealed (transfers)
  select array_agg(ids[t] order by t) from generate_series(1, total) t where fates[t] = 'p';
end $$;

-- The balance of an account when all that was booked until `instant` was in. Entries are numbered without a gap and
-- their times never go back, so the last of them is found by halving: no index by time is needed.
create function ledger.balance_at(of_account bigint, instant timestamptz) returns bigint language plpgsql stable as $$
declare
  low bigint := 0; high bigint; middle bigint; booked timestamptz;
begin
  select entries into high from ledger.balance where account_id = of_account;
  while low < high loop
    middle := (low + high + 1) / 2;
    select booked_at into booked from ledger.entry where account_id = of_account and number = middle;
    if booked <= instant then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return case when low = 0 then 0
    else (select balance from ledger.entry where account_id = of_account and number = low) end;
end $$;

-- What a block's hash covers of a transfer; docs/concepts/ledger.md says it in words.
create function ledger.leaf(t ledger.transfer) returns bytea language sql stable as $$
  select sha256(convert_to(concat_ws(e'\n', t.id, t.kind, t.reference,
    to_char(t.booked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), array_to_string(t.accounts, ','),
    array_to_string(t.amounts, ','), t.fingerprint, coalesce(t.reverses::text, ''), coalesce(t.metadata::text, '')), 'UTF8'))
$$;

-- Accounts are listed by their type, in pages.
create index account_by_type on ledger.account (type, id);

-- The hash of a block: of the hash before it, its number in eight bytes, and the leaf of each of its transfers in order.
create function ledger.block_hash(of_number bigint, of_transfers uuid[], previous bytea) returns bytea language sql stable as $$
  select sha256(previous || int8send(of_number) || coalesce((
    select string_agg(ledger.leaf(t), ''::bytea order by n.place)
    from unnest(of_transfers) with ordinality as n (id, place) join ledger.transfer t on t.id = n.id), ''))
$$;

-- Who may execute it needs no right to write the journal: there is no other way to add to it.
alter function ledger.post security definer set search_path = pg_catalog, pg_temp;
revoke execute on function ledger.post from public;
