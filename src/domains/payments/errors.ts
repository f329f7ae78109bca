import { errorCodes } from '#errors';

export const fail = errorCodes({
  payment_unknown: 'not_found',
  payment_not_accepted: 'precondition',
  payment_is_refund: 'precondition',
  refund_exceeds_charge: 'precondition',
  refund_not_possible: 'precondition',
  refund_open: 'conflict',
  card_unknown: 'not_found',
  gateway_unknown: 'not_found',
  no_gateway: 'precondition',
  gateway_unavailable: 'unavailable',
  payment_not_open: 'precondition',
  payment_not_authorized: 'precondition',
  confirm_exceeds_reservation: 'precondition',
  operation_open: 'conflict',
  payment_settled: 'precondition',
  settle_not_possible: 'precondition',
  reconciliation_open: 'conflict',
  reconciliation_unknown: 'not_found',
  notification_refused: 'forbidden',
  gateway_name_taken: 'conflict',
});
