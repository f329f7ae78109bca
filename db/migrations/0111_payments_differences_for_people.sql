-- A person has looked at it, and says why nothing more is to be done. It stays closed until another amount is found.
alter table payments.difference
  add column closed_at timestamptz,
  add column closed_by text,
  add column closed_reason text;
drop index payments.difference_standing;
create index difference_standing on payments.difference (gateway, seen_at) where gone_at is null and closed_at is null;
create index difference_by_time on payments.difference (gateway, seen_at, kind, subject);

-- Who has closed what, and why. Only ever added to.
create table payments.difference_closing (
  id bigint generated always as identity primary key,
  gateway text not null,
  kind text not null,
  subject text not null,
  ours_minor bigint,
  theirs_minor bigint,
  currency text,
  actor text not null,
  reason text not null,
  at timestamptz not null
);
create index difference_closing_of on payments.difference_closing (gateway, kind, subject);

-- Who asked for it; nobody: it is the nightly one, which goes on where the nightly one before ended.
alter table payments.reconciliation add column actor text;
