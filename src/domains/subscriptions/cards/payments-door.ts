import type { Executor, Tx } from '#database';
import type { ChargeRequest, Payments } from '#payments';
