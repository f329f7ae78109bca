import type { CardDeclineReason, DeclineClass } from '#payments/card-gateway';
import type { DeclineTable } from '#payments/card-talk';

function row(reason: CardDeclineReason, decline: DeclineClass) {
  return { reason, class: decline };
}

const badRequest = row('invalid_request', 'request');
const later = row('gateway_error', 'temporary');
const elsewhere = row('gateway_error', 'technical');
const withdrawn = row('consent_withdrawn', 'never');

/**
 * `ReasonCode`, whole: 30xx what came of our answer to Check, 50xx as ISO 8583 says it, 53xx and 57xx their own, 60xx of
 * the fast payment system. Never again: their list of unconditional refusals, and what the networks forbid to repeat.
 */
export const reasonCodes: DeclineTable = {
  3001: badRequest,
  3002: badRequest,
  3003: badRequest,
  // By our own word the order was too old: its holder may begin anew.
  3004: row('cancelled_by_customer', 'authentication'),
  // Our answer to Check did not come, or made no sense: another gateway does not ask.
  3005: elsewhere,
  3006: elsewhere,
  3007: elsewhere,
  3008: badRequest,
  5001: row('do_not_honor', 'never'),
  5003: row('restricted_card', 'never'),
  5004: row('lost_or_stolen', 'never'),
  5005: row('do_not_honor', 'never'),
  5006: later,
  5007: row('lost_or_stolen', 'never'),
  5012: row('restricted_card', 'never'),
  5013: row('invalid_request', 'temporary'),
  5014: row('invalid_card', 'never'),
  5015: row('invalid_card', 'never'),
  5017: row('consent_withdrawn', 'never'),
  5019: later,
  5030: row('invalid_request', 'temporary'),
  5031: row('unsupported_card', 'technical'),
  5033: row('expired_card', 'never'),
  5034: row('fraud_suspected', 'never'),
  5036: row('restricted_card', 'never'),
  5041: row('lost_or_stolen', 'never'),
  5043: row('lost_or_stolen', 'never'),
  5051: row('insufficient_funds', 'funds'),
  5054: row('expired_card', 'never'),
  5055: row('authentication_failed', 'temporary'),
  5057: row('restricted_card', 'never'),
  5058: row('restricted_card', 'never'),
  5059: row('fraud_suspected', 'temporary'),
  5061: row('limit_exceeded', 'funds'),
  5062: row('restricted_card', 'never'),
  5063: row('do_not_honor', 'temporary'),
  5065: row('limit_exceeded', 'funds'),
  5082: row('invalid_cvv', 'authentication'),
  5091: row('issuer_unavailable', 'technical'),
  5092: row('issuer_unavailable', 'technical'),
  5096: row('gateway_error', 'technical'),
  5113: row('unsupported_card', 'technical'),
  5204: elsewhere,
  5206: row('authentication_failed', 'authentication'),
  5207: row('authentication_required', 'authentication'),
  5300: row('terminal_limit', 'technical'),
  5303: row('terminal_limit', 'technical'),
  5761: badRequest,
  5762: badRequest,
  5763: badRequest,
  6001: withdrawn,
  6002: later,
  6003: later,
  6004: later,
  6005: later,
  6006: later,
  6007: later,
  6008: later,
  6009: later,
  6010: withdrawn,
  6011: withdrawn,
  6013: badRequest,
  6014: later,
  6015: badRequest,
  6016: later,
  6017: later,
  6021: later,
  6022: later,
  6025: badRequest,
};
