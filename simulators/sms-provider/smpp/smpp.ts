import { type AddressInfo, createServer } from 'node:net';
import type { Fields } from '#simulators/kit';
import type { Incoming, Receipt, SmsCentre } from '#simulators/sms-provider/centre';
import { Connection } from './connection.ts';
import { type Action, changeManners, type Manners, standardManners } from './manners.ts';
import { answerCancel, answerQuery } from './questions.ts';
import { toReceipt } from './receipt-text.ts';
import { takeSubmit } from './submits.ts';
import { toContents } from './text.ts';
import {
  commands,
  type Delivery,
  FieldReader,
  type Frame,
  statuses,
  textField,
  toDeliverBody,
} from './wire.ts';

export { type Action, type Manners, readAction } from './manners.ts';

/** The simulator's SMPP side. */
export interface SmppCentre {
  readonly port: number;
  readonly manners: Manners;
  change(fields: Fields): Manners;
  /** Does it to all connections; answers how many there were. */
  act(action: Action): number;
  close(): Promise<void>;
}

const deliveryPauseMs = 5;
const garbage = Buffer.alloc(64, 0xff);

/** An SMPP centre on a port of its own, with the ledger, fates and receipts of all the others. */
export async function startSmppCentre(
  centre: SmsCentre,
  options: { readonly port: number; readonly host: string; readonly manners?: Fields },
): Promise<SmppCentre> {
  const side = new Side(centre, changeManners(standardManners, options.manners ?? {}));
  const server = createServer((socket) => side.open(new Connection(socket, side)));
  await new Promise<void>((done, fail) => {
    server.once('error', fail).listen(options.port, options.host, done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get manners() {
      return side.manners;
    },
    change: (fields) => side.change(fields),
    act: (action) => side.act(action),
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      side.act('cut');
      return closed;
    },
  };
}

class Side {
  manners: Manners;
  readonly #centre: SmsCentre;
  readonly #standard: Manners;
  readonly #connections = new Set<Connection>();
  #turn = 0;
  #references = 0;

  constructor(centre: SmsCentre, manners: Manners) {
    this.#centre = centre;
    this.#standard = manners;
    this.manners = manners;
    centre.receipts.tellWith('smpp', { most: 1, tell: (receipts) => this.#tell(receipts) });
    centre.speakers.speakWith('smpp', (incoming) => this.#speak(incoming));
    centre.onReset(() => {
      this.manners = this.#standard;
    });
  }

  open(connection: Connection): void {
    this.#connections.add(connection);
  }

  change(fields: Fields): Manners {
    this.manners = changeManners(this.manners, fields);
    return this.manners;
  }

  act(action: Action): number {
    for (const connection of this.#connections) {
      if (action === 'cut') connection.cut();
      else if (action === 'garbage') connection.raw(garbage);
      else if (action === 'nack')
        connection.send({ command: commands.nack, status: statuses.badLength, sequence: 0 });
      else if (action === 'outbind') {
        const body = Buffer.concat([textField('KOPEKSIM'), textField('')]);
        connection.send({ command: commands.outbind, status: 0, sequence: 1, body });
      } else void connection.ask(commands.unbind, Buffer.alloc(0)).then(() => connection.end());
    }
    return this.#connections.size;
  }

  bind({ body }: Frame): number {
    if (this.manners.bindStatus !== 0) return this.manners.bindStatus;
    const fields = new FieldReader(body);
    const { login, password } = this.#centre.settingsOf('smpp');
    return fields.text() === login && fields.text() === password
      ? statuses.ok
      : statuses.badPassword;
  }

  request(frame: Frame, connection: Connection): void {
    const call = { centre: this.#centre, connection, frame, manners: this.manners };
    if (frame.command === commands.submit) takeSubmit(call);
    else if (frame.command === commands.query) answerQuery(call);
    else if (frame.command === commands.cancel) answerCancel(call);
    else {
      const { sequence } = frame;
      connection.send({ command: commands.nack, status: statuses.badCommand, sequence });
    }
  }

  hears(): boolean {
    return !this.manners.deaf;
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  async #tell([receipt]: readonly Receipt[]): Promise<boolean> {
    return receipt !== undefined && this.#deliver(toReceipt(receipt, this.manners));
  }

  /** Taken when every part of it was. */
  async #speak({ from, text, to }: Incoming): Promise<boolean> {
    this.#references += 1;
    const parts = toContents(text, this.#references);
    const taken = await Promise.all(parts.map((part) => this.#deliver({ ...part, from, to })));
    return taken.every(Boolean);
  }

  /** Over the sessions in turn, as soon as one of them has room. False: nobody took it. */
  async #deliver(delivery: Delivery): Promise<boolean> {
    for (;;) {
      const able = [...this.#connections].filter(({ receives }) => receives);
      if (able.length === 0) return false;
      const free = able.filter(({ waiting }) => waiting < this.manners.deliverWindow);
      this.#turn += 1;
      const connection = free[this.#turn % free.length];
      if (connection)
        return (await connection.ask(commands.deliver, toDeliverBody(delivery))) === statuses.ok;
      await new Promise((done) => setTimeout(done, deliveryPauseMs));
    }
  }
}
