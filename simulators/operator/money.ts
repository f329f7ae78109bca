/** For people: `1,234.56 PKR`, debts with a minus. */
export function formatMoney(amountMinor: number, currency: string): string {
  const sign = amountMinor < 0 ? '−' : '';
  const units = Math.floor(Math.abs(amountMinor) / 100).toLocaleString('en');
  const cents = String(Math.abs(amountMinor) % 100).padStart(2, '0');
  return `${sign}${units}.${cents} ${currency}`;
}
