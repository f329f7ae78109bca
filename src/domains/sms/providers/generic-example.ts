/** Settings of a plain provider: JSON both ways, a bearer token, statuses by our id, callbacks signed by HMAC. */
export const genericExample = {
  send: {
    path: '/messages',
    headers: { authorization: 'Bearer {{secret:token}}' },
    body: {
      ...{ to: '{{recipient}}', from: '{{sender}}', text: '{{text}}', reference: '{{our_id}}' },
      ...{ validity_seconds: '{{valid}}', callback_url: '{{callback_url}}' },
    },
    accepted: { status: 202 },
    ...{ id_path: 'id', segments_path: 'parts', code_path: 'error.code' },
    faults: [
      { pattern: '"code":"(bad_number|stop_list)"', fault: 'recipient' },
      { pattern: '"code":"(no_money|bad_sender|unauthorized)"', fault: 'account' },
      { pattern: '"code":"bad_text"', fault: 'message' },
      { status: 429, fault: 'throttled' },
      { status: 503, fault: 'temporary' },
    ],
  },
  validity: { unit: 'second' },
  status: {
    path: '/messages?reference={{our_id}}',
    headers: { authorization: 'Bearer {{secret:token}}' },
    ...{ by: 'our_id', message_path: 'messages.0', empty_is_not_found: true },
    ...{ state_path: 'status', id_path: 'id', time_path: 'at', reason_path: 'error' },
  },
  cancel: {
    ...{ method: 'DELETE', path: '/messages/{{provider_id}}' },
    headers: { authorization: 'Bearer {{secret:token}}' },
    ...{ cancelled: { status: 200 }, too_late: { status: 409 } },
  },
  balance: {
    path: '/balance',
    headers: { authorization: 'Bearer {{secret:token}}' },
    ...{ amount_path: 'balance', currency_path: 'currency' },
  },
  states: {
    ...{ accepted: 'accepted', scheduled: 'accepted', sent: 'sent', delivered: 'delivered' },
    ...{ undelivered: 'undelivered', expired: 'expired', rejected: 'rejected' },
    canceled: 'cancelled',
  },
  callback: {
    signature: {
      ...{ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
    },
    ...{ id_path: 'id', our_id_path: 'reference', state_path: 'status', time_path: 'at' },
    reason_path: 'error',
    incoming: {
      ...{ when_path: 'type', when_value: 'message', id_path: 'id' },
      ...{ from_path: 'from', to_path: 'to', text_path: 'text' },
    },
    reply: { status: 200, body: 'ok' },
  },
} as const;
