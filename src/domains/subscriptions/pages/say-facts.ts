/** `•••• 4242`: enough to know one's own card. */
export function sayCard({
  brand,
  mask,
}: {
  readonly brand: string;
  readonly mask: string;
}): string {
  return `${brand} ••••\u00a0${mask.slice(-4)}`.trim();
}
