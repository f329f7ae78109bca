/** One of the names, by its weight; undefined when all weights are 0. */
export function pick<Name extends string>(
  weights: Readonly<Partial<Record<Name, number>>>,
  draw: number,
): Name | undefined {
  const entries = Object.entries(weights) as [Name, number][];
  let rest = draw * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    if (rest < weight) return name;
    rest -= weight;
  }
  return undefined;
}
