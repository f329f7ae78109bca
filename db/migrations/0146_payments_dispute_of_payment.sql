-- Before anything is given back of a payment it is looked whether its payer's bank takes it back.
create index dispute_of_payment on payments.dispute (customer_id, payment_id);
