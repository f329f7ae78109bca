// The simulator as a process of its own whose wire is the channel to its parent. Only the kill test starts it.
import { startErpSimulator } from './index.ts';
import type { StatusMessage } from './order.ts';
import type { ErpTransport } from './transport.ts';

const [folder = ''] = process.argv.slice(2);

function say(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

const transport: ErpTransport = {
  take(take) {
    process.on('message', (message: { readonly ask: readonly unknown[]; readonly n: number }) => {
      void take(message.ask).then(() => say({ taken: message.n }));
    });
  },
  tell: (feed, statuses: readonly StatusMessage[]) => say({ feed, statuses }),
  close: async () => undefined,
};

const settings = { stepMs: { min: 0, max: 15 } };
const simulator = await startErpSimulator({ port: 0, folder, transport, settings });
await say({ url: simulator.url });
