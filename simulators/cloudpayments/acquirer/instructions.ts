import { isFields } from '#simulators/kit';

/** What a merchant tells the gateway in the free data of a payment. */
export function instructionsOf(jsonData: string | null): Readonly<Record<string, unknown>> {
  const data = parse(jsonData);
  const ours = data.cloudPayments ?? data.CloudPayments ?? data.cloudpayments;
  return isFields(ours) ? ours : {};
}

function parse(jsonData: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(jsonData ?? '{}');
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}
