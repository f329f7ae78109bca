import type { Routes } from '#sms/context';

/**
 * The provider for the next try: of those that are allowed, best first, the first that was not tried and takes messages
 * now; then one that was not tried and will take them later. Undefined when all have been tried, or none is known.
 */
export function chooseProvider(
  allowed: readonly string[],
  { routes, tried }: { readonly routes: Routes; readonly tried: readonly string[] },
): string | undefined {
  const left = allowed.filter((name) => !tried.includes(name) && routes.knows(name));
  return left.find((name) => routes.admits(name)) ?? left[0];
}
