-- Laws and policies as data. A version never changes once it was activated: a change is another version.
create table rules.rule_set (
  id text not null constraint rule_set_id_is_a_word check (id ~ '^[a-z][a-z0-9-]{0,59}$'),
  version integer not null constraint rule_set_version_positive check (version > 0),
  status text not null constraint rule_set_status_known check (status in ('draft', 'active', 'retired')),
  document jsonb not null,
  -- What holds is here and not in the document: another version may end it earlier than it said itself.
  effective_from timestamptz not null,
  effective_to timestamptz,
  -- It came with Kopek.
  built_in boolean not null,
  saved_at timestamptz not null,
  saved_by text not null,
  activated_at timestamptz,
  retired_at timestamptz,
  constraint rule_set_pkey primary key (id, version),
  constraint rule_set_ends_after_it_begins check (effective_to > effective_from),
  constraint rule_set_draft_was_never_active check (status <> 'draft' or activated_at is null)
);
create index rule_set_active on rules.rule_set (id) where status = 'active';

-- Working days of a country, or of a region of it, in a year. The highest version holds.
create table rules.calendar (
  country text not null constraint calendar_country_is_iso check (country ~ '^[A-Z]{2}$'),
  -- ISO 3166-2, such as RU-TA; empty for the whole country.
  region text not null default '',
  year integer not null constraint calendar_year_plausible check (year between 2000 and 2100),
  version integer not null constraint calendar_version_positive check (version > 0),
  source text not null,
  saved_at timestamptz not null,
  saved_by text not null,
  constraint calendar_pkey primary key (country, region, year, version)
);

-- Days that differ from what their weekday says; of a region, from what they are in the country.
create table rules.calendar_day (
  country text not null,
  region text not null,
  year integer not null,
  version integer not null,
  day date not null,
  kind text not null constraint calendar_day_kind_known check (kind in ('work', 'short', 'off', 'holiday')),
  constraint calendar_day_pkey primary key (country, region, year, version, day),
  constraint calendar_day_of_its_year check (extract(year from day) = year),
  constraint calendar_day_of_calendar foreign key (country, region, year, version) references rules.calendar
);
