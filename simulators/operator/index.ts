import { type Served, serve } from '#simulators/kit';
import { MoPost } from './mo.ts';
import { type Log, Operator } from './operator.ts';
import { createOperatorServer } from './server.ts';
import { type InquiryMode, standardSettings } from './settings.ts';

export interface OperatorSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Where customers' SMS are posted; empty: nowhere. */
  readonly moUrl: string;
  /** Default 1. The same seed and the same calls give the same misfortunes. */
  readonly seed?: number;
  /** How the operator can be asked about a charge whose answer was lost. Default byOurId. */
  readonly inquiry?: InquiryMode;
  readonly log?: Log;
}

export type OperatorSimulator = Served;

export type { InquiryMode } from './settings.ts';

/** The mobile operator "mobilink" as an HTTP server; README.md beside this file is its contract. */
export async function startOperatorSimulator(
  options: OperatorSimulatorOptions,
): Promise<OperatorSimulator> {
  const { host = '127.0.0.1', inquiry = standardSettings.inquiry } = options;
  const operator = new Operator({
    folder: options.folder,
    seed: options.seed ?? 1,
    settings: { ...standardSettings, inquiry },
    log: options.log ?? (() => undefined),
  });
  const moPost = new MoPost(operator, options.moUrl);
  const server = createOperatorServer({ operator, moPost });
  const end = () => {
    moPost.close();
    operator.close();
  };
  return serve({ server, port: options.port, host, end });
}
