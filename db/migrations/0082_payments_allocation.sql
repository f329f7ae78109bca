-- By which contract what it collects is parted: opaque here, and frozen when it was asked for. Null: by none.
alter table payments.payment add column allocation bigint;
