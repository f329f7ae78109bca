// A centre that answers every submit_sm at once, in a process of its own: whoever is measured has the other core. It
// knows the header only, so that it is as fast as a centre can be, and shares nothing with either client.
import { createServer } from 'node:net';

const SUBMIT = 4;
const DELIVER_RESP = 0x80000005;
const RESPONSE = 0x80000000;
const MESSAGE_ID = Buffer.from('0000000001\0', 'latin1');
const HEADER = 16;

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Buffer[] = [];
    let at = 0;
    while (rest.length - at >= HEADER) {
      const length = rest.readUInt32BE(at);
      if (rest.length - at < length) break;
      const command = rest.readUInt32BE(at + 4);
      if (command < RESPONSE && command !== DELIVER_RESP) answers.push(answer(rest, at, command));
      at += length;
    }
    rest = rest.subarray(at);
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
});

function answer(request: Buffer, at: number, command: number): Buffer {
  const body = command === SUBMIT ? MESSAGE_ID : Buffer.from([0]);
  const response = Buffer.alloc(HEADER + (command === 0x15 || command === 6 ? 0 : body.length));
  response.writeUInt32BE(response.length, 0);
  response.writeUInt32BE((command | RESPONSE) >>> 0, 4);
  request.copy(response, 12, at + 12, at + 16);
  if (response.length > HEADER) body.copy(response, HEADER);
  return response;
}

server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, port: (server.address() as { port: number }).port }));
});
process.on('SIGTERM', () => process.exit(0));
