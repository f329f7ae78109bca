-- Numbers that must not be written to: by entity, or by all where the entity is empty.
create table rules.suppression (
  msisdn text not null constraint suppression_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  list text not null constraint suppression_list_is_a_word check (list ~ '^[a-z][a-z0-9_]{0,39}$'),
  entity text not null default '',
  reason text not null,
  since timestamptz not null,
  until timestamptz,
  constraint suppression_pkey primary key (msisdn, list, entity),
  constraint suppression_ends_after_it_begins check (until > since)
);

-- Who agreed to what, and how it can be proved. Never removed, only withdrawn.
create table rules.consent (
  id bigint generated always as identity primary key,
  msisdn text not null constraint consent_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  entity text not null references rules.legal_entity (key),
  purpose text not null,
  -- What kind of proof there is, and where it lies.
  proof text not null,
  reference text not null,
  given_at timestamptz not null,
  expires_at timestamptz,
  withdrawn_at timestamptz
);
create index consent_of_number on rules.consent (msisdn, entity, id);
-- The same proof said again is the same consent.
create unique index consent_once on rules.consent (msisdn, entity, purpose, proof, reference, given_at);

-- An agreement with a person: other limits or hours in place of a rule's.
create table rules.person_override (
  id bigint generated always as identity primary key,
  -- Who it is to the entity; a number where the entity knows no more.
  person text not null,
  entity text not null references rules.legal_entity (key),
  -- The rule that it replaces, of whatever version: `ru-230fz`, `per-week`.
  rule_set text not null,
  rule text not null,
  most integer constraint person_override_most_positive check (most > 0),
  windows jsonb,
  document text not null constraint person_override_document_given check (document <> ''),
  valid_from timestamptz not null,
  valid_to timestamptz,
  ended_at timestamptz,
  constraint person_override_replaces_something check (most is not null or windows is not null),
  constraint person_override_ends_after_it_begins check (valid_to > valid_from)
);
create index person_override_of_person on rules.person_override (person, entity, id);
