/** SMPP 3.4, §5.1.2.1: every command by its name in the specification, with its id. */
export const COMMANDS = {
  bind_receiver: 0x00000001,
  bind_transmitter: 0x00000002,
  query_sm: 0x00000003,
  submit_sm: 0x00000004,
  deliver_sm: 0x00000005,
  unbind: 0x00000006,
  replace_sm: 0x00000007,
  cancel_sm: 0x00000008,
  bind_transceiver: 0x00000009,
  outbind: 0x0000000b,
  enquire_link: 0x00000015,
  submit_multi: 0x00000021,
  alert_notification: 0x00000102,
  data_sm: 0x00000103,
  generic_nack: 0x80000000,
  bind_receiver_resp: 0x80000001,
  bind_transmitter_resp: 0x80000002,
  query_sm_resp: 0x80000003,
  submit_sm_resp: 0x80000004,
  deliver_sm_resp: 0x80000005,
  unbind_resp: 0x80000006,
  replace_sm_resp: 0x80000007,
  cancel_sm_resp: 0x80000008,
  bind_transceiver_resp: 0x80000009,
  enquire_link_resp: 0x80000015,
  submit_multi_resp: 0x80000021,
  data_sm_resp: 0x80000103,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** Commands that are answered, each by the command of the same name with `_resp`. */
export type RequestName = {
  [Name in CommandName]: `${Name}_resp` extends CommandName ? Name : never;
}[CommandName];
export type ResponseName = Exclude<CommandName, RequestName | 'outbind' | 'alert_notification'>;

const NAMES: ReadonlyMap<number, CommandName> = new Map(
  Object.entries(COMMANDS).map(([name, id]) => [id, name as CommandName]),
);

const RESPONSE_BIT = 0x80000000;

export function commandOf(id: number): CommandName | undefined {
  return NAMES.get(id);
}

export function isResponseId(id: number): boolean {
  return id >= RESPONSE_BIT;
}

export function isResponse(name: CommandName): name is ResponseName {
  return isResponseId(COMMANDS[name]);
}

/** Commands that want an answer. */
export function isRequest(name: CommandName): name is RequestName {
  return !isResponse(name) && name !== 'outbind' && name !== 'alert_notification';
}
