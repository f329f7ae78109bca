/** What our own side of a session says. */
const OWN: Readonly<Record<string, string>> = {
  no_session: 'There is no session with the centre: it is bound again as soon as it can be.',
  window_full: 'The centre still owed answers to as many messages as its window holds.',
  throttled: 'The centre wanted to be left alone for a moment.',
  closing: 'The session was being ended.',
  malformed: 'The sender or another field does not fit what SMPP can carry.',
  response_timeout: 'No answer came in time: the message may have left.',
  connection_ended: 'The connection ended before the answer came: the message may have left.',
  unexpected_response: 'The answer was one to another command: the message may have left.',
};

/** By the name in the specification, in small letters and without its prefix. */
const STATUSES: Readonly<Record<string, string>> = {
  rinvmsglen: 'The centre says that the message has a wrong length.',
  rinvcmdlen: 'The centre could not read the command.',
  rinvcmdid: 'The centre does not know the command.',
  rinvbndsts: 'The session may not carry messages, says the centre.',
  ralybnd: 'The account is bound already, as often as it may be.',
  rsyserr: 'The centre has a fault of its own.',
  rinvsrcadr: 'The centre does not allow this sender.',
  rinvdstadr: 'The centre does not know such a number.',
  rbindfail: 'The centre refuses the account.',
  rinvpaswd: 'The password is wrong.',
  rinvsysid: 'The system_id is wrong.',
  rmsgqful: 'The queue of the centre is full.',
  rinvsertyp: 'The service_type is wrong.',
  rsubmitfail: 'The centre could not take the message.',
  rinvsrcton: 'The type of number of the sender is wrong.',
  rinvsrcnpi: 'The numbering plan of the sender is wrong.',
  rinvdstton: 'The type of number of the recipient is wrong.',
  rinvdstnpi: 'The numbering plan of the recipient is wrong.',
  rinvsystyp: 'The system_type is wrong.',
  rthrottled: 'More messages a second than the centre allows.',
  rinvsched: 'The centre does not understand the scheduled time.',
  rinvexpiry: 'The centre does not understand the validity, or it is too long.',
  rx_t_appn: 'The centre can not take it for the moment.',
  rx_p_appn: 'The centre will never take it.',
  rx_r_appn: 'The centre rejects it.',
  runknownerr: 'The centre has a fault that it does not name.',
};

const STATES: Readonly<Record<string, string>> = {
  expired: 'It could not be delivered before its validity ended.',
  deleted: 'It was deleted at the centre.',
  undeliv: 'It could not be delivered.',
  rejectd: 'It was rejected on its way.',
  enroute: 'It is on its way.',
  acceptd: 'It was accepted on its way.',
  unknown: 'The centre does not know what became of it.',
};

const PIECES = /^part_(\d+)_of_(\d+): (.+)$/;

/** A sentence on a reason of this provider; undefined where it is none of ours. */
export function explainSmpp(reason: string): string | undefined {
  const pieces = PIECES.exec(reason);
  if (pieces) {
    const [, part, count, why = ''] = pieces;
    const because = explainSmpp(why) ?? why;
    return `Part ${part} of ${count} did not go with the others, which may be on the handset. ${because}`;
  }
  if (Object.hasOwn(OWN, reason)) return OWN[reason];
  if (!reason.startsWith('smpp_')) return undefined;
  const word = reason.slice('smpp_'.length);
  if (Object.hasOwn(STATUSES, word)) return STATUSES[word];
  const [state = '', code] = word.split('_');
  if (Object.hasOwn(STATES, state))
    return code === undefined ? STATES[state] : `${STATES[state]} The network's error is ${code}.`;
  return /^0x[0-9a-f]{8}$/.test(word)
    ? `The centre answered with a status of its own: ${word}.`
    : undefined;
}
