import { formatDecimal, type Money } from '#money';

/** ECMAScript's JSON.parse source text access: Node 22 and later have it, the types of TypeScript lack it. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** An amount as a JSON number with exactly the digits of its currency, made without a float. */
export function decimalNumber(money: Money): unknown {
  return rawJSON(formatDecimal(money));
}
