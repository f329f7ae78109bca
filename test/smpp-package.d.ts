// The parts of npm's smpp 0.5.1 that our tests and the bench use; the package has no types.
declare module 'smpp' {
  import type { Socket } from 'node:net';

  export interface SmppPackagePdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly message_id?: string;
    readonly short_message?: {
      readonly message: string | Buffer;
      readonly udh?: readonly Buffer[];
    };
    readonly source_addr?: string;
    readonly destination_addr?: string;
    readonly receipted_message_id?: string;
    readonly message_state?: number;
    response(fields?: Readonly<Record<string, unknown>>): SmppPackagePdu;
  }

  type Fields = Readonly<Record<string, unknown>>;
  type Answered = (pdu: SmppPackagePdu) => void;

  export interface SmppPackageSession {
    readonly socket: Socket;
    bind_transceiver(fields: Fields, answered: Answered): boolean;
    submit_sm(fields: Fields, answered: Answered): boolean;
    deliver_sm(fields: Fields, answered: Answered): boolean;
    query_sm(fields: Fields, answered: Answered): boolean;
    cancel_sm(fields: Fields, answered: Answered): boolean;
    enquire_link(answered: Answered): boolean;
    unbind(answered: Answered): boolean;
    send(pdu: SmppPackagePdu): boolean;
    on(event: 'error' | 'close', heard: (error?: Error) => void): void;
    on(event: string, heard: (pdu: SmppPackagePdu) => void): void;
    close(done?: () => void): void;
    destroy(): void;
  }

  export interface SmppPackageServer {
    listen(port: number, host: string, done: () => void): void;
    address(): { readonly port: number };
    close(done?: () => void): void;
  }

  interface SmppPackage {
    connect(
      options: { readonly host: string; readonly port: number },
      done: () => void,
    ): SmppPackageSession;
    createServer(opened: (session: SmppPackageSession) => void): SmppPackageServer;
  }

  const smpp: SmppPackage;
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS.
  export default smpp;
}
