import { type Database, sql } from '#database';

/**
 * Transfers as pgledger publishes them to be done: a function of SQL for each, that locks both accounts in order, changes
 * one row after the other and writes a transfer with two entries. Our own words, after its README; without idempotency,
 * which it leaves to the caller.
 */
export interface PgledgerWay {
  transfer(from: number, to: number): Promise<void>;
}

export async function openPgledgerWay(database: Database, accounts: number): Promise<PgledgerWay> {
  const client = await database.connect();
  await client.query(`
    create table public.purse (
      id integer primary key, balance numeric not null default 0, version bigint not null default 0,
      may_be_negative boolean not null
    );
    create table public.movement (
      id uuid primary key default gen_random_uuid(), from_purse integer not null references purse,
      to_purse integer not null references purse, amount numeric not null, created_at timestamptz not null default now(),
      metadata jsonb
    );
    create table public.leg (
      id uuid primary key default gen_random_uuid(), purse integer not null references purse,
      movement uuid not null references movement, amount numeric not null, balance_before numeric not null,
      balance_after numeric not null, version bigint not null, created_at timestamptz not null default now()
    );
    create index on public.movement (from_purse); create index on public.movement (to_purse);
    create index on public.leg (purse, version desc); create index on public.leg (movement);
    insert into public.purse (id, may_be_negative) select n, n = 0 from generate_series(0, ${accounts}) n;
    create function public.move_money(f integer, t integer, a numeric) returns uuid language plpgsql as $$
    declare made uuid; p purse;
    begin
      perform 1 from purse where id = least(f, t) for update;
      perform 1 from purse where id = greatest(f, t) for update;
      insert into movement (from_purse, to_purse, amount) values (f, t, a) returning id into made;
      update purse set balance = balance - a, version = version + 1 where id = f returning * into p;
      if p.balance < 0 and not p.may_be_negative then raise exception 'too little'; end if;
      insert into leg (purse, movement, amount, balance_before, balance_after, version)
        values (f, made, -a, p.balance + a, p.balance, p.version);
      update purse set balance = balance + a, version = version + 1 where id = t returning * into p;
      insert into leg (purse, movement, amount, balance_before, balance_after, version)
        values (t, made, a, p.balance - a, p.balance, p.version);
      return made;
    end $$`);
  await client.end();
  return {
    async transfer(from, to) {
      await sql`select public.move_money(${from}, ${to}, 100)`.execute(database.pool);
    },
  };
}
