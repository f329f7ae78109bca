create schema rules;

-- Tells processes whether what they hold in memory is still true. Whoever changes something of it locks this row first,
-- so changes come one after the other and never wait for each other crosswise.
create table rules.revision (
  only_row boolean primary key default true constraint revision_is_one_row check (only_row),
  number bigint not null
);
insert into rules.revision (number) values (1);

-- On whose behalf messages are sent.
create table rules.legal_entity (
  key text primary key constraint legal_entity_key_is_a_word check (key ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  name text not null constraint legal_entity_name_given check (name <> ''),
  -- Entities of one group count together where a law counts by creditor.
  creditor_group text not null constraint legal_entity_group_given check (creditor_group <> ''),
  active boolean not null default true,
  settings jsonb not null default '{}',
  created_at timestamptz not null,
  changed_at timestamptz not null
);

-- Who brings messages to handsets, as the rules know them; how they are reached is sms' matter.
create table rules.provider (
  name text primary key constraint provider_name_is_a_word check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
  title text not null constraint provider_title_given check (title <> ''),
  enabled boolean not null default true,
  -- Where it keeps its data, where that is known.
  country text constraint provider_country_is_iso check (country ~ '^[A-Z]{2}$'),
  created_at timestamptz not null,
  changed_at timestamptz not null
);

-- Which provider an entity may use, from when to when.
create table rules.entity_provider (
  entity text not null references rules.legal_entity (key),
  provider text not null references rules.provider (name),
  -- The lower is tried first.
  rank smallint not null default 100,
  -- Names and numbers that are registered for the entity there: [{sender, classes, registration, since, until}].
  senders jsonb not null default '[]',
  since timestamptz,
  until timestamptz,
  constraint entity_provider_pkey primary key (entity, provider),
  constraint entity_provider_ends_after_it_begins check (until > since)
);

-- Who changed what. Only ever added to, and forgotten when the law has no more use for it.
create table rules.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- A person's API key, or the part of Kopek that did it.
  actor text not null,
  action text not null,
  -- `entity:alfa`, `set:ru-230fz@4`, `suppression:+79161234567`
  subject text not null,
  before jsonb,
  after jsonb
);
create index audit_of_subject on rules.audit (subject, id);
