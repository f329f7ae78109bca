-- Business time when it is faked (rehearsals, tests, demonstrations). No row: time is real.
create table platform.clock (
  only_row boolean primary key default true constraint clock_has_one_row check (only_row),
  moment timestamptz not null
);

-- What each throttle has granted in its current slice of 100 ms. The rate stands with whom it limits.
create table platform.throttle (
  name text primary key,
  slice bigint not null,
  granted integer not null
) with (fillfactor = 50);

-- Numbers of processes, for ids that must differ between processes that run at once.
create sequence platform.process_number as integer maxvalue 1000000 cycle;
