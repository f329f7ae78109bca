-- An update that changes no indexed column stays in its page and touches no index, and a state that stands in the
-- condition of an index is such a column. What was told of by states is now told by a column that changes twice in the
-- life of a message, not five times: most changes of a state are made in place, for which pages keep room.
alter table sms.message
  -- It stands before a sender or is in his hand: queued, claimed, submitting.
  add column at_work boolean not null default true,
  set (fillfactor = 60);
update sms.message set at_work = false where state = 'deferred';
drop index sms.message_at_work;
create index message_at_work on sms.message (provider, id) where at_work and closed_at is null;
drop index sms.message_deferred;
create index message_deferred on sms.message (provider, not_before, id) where not_before is not null and not at_work;
