import { type Fields, json, type Reply } from '#simulators/kit';
import { readAction, type SmppCentre } from './smpp/smpp.ts';

export type SmppControl = Pick<SmppCentre, 'port' | 'manners' | 'change' | 'act'>;

export function showSmpp({ manners, port }: SmppControl): Reply {
  return json(200, { port, ...manners });
}

/** Changes how the centre speaks, and with `action` does something to all its connections. */
export function putSmpp(smpp: SmppControl, { action, ...fields }: Fields): Reply {
  smpp.change(fields);
  if (action !== undefined) smpp.act(readAction(action));
  return showSmpp(smpp);
}
