import { type Answer, type Site, toModel } from '#simulators/cloudpayments/acquirer';

/** `Model` is absent, not null, where there is none: the shape tells what happened. */
export function toEnvelope(
  { message, model, success, transaction }: Answer,
  { origin, site }: { readonly site: Site; readonly origin: string },
) {
  const shown = transaction
    ? toModel(transaction, site.settings.terminalUrl)
    : withAcsUrl(model, origin);
  const envelope = { Success: success, Message: message };
  return shown === undefined ? envelope : { Model: shown, ...envelope };
}

/** Where the holder proves himself: the address of this simulator, which may be another after a restart. */
function withAcsUrl(model: unknown, origin: string): unknown {
  if (typeof model !== 'object' || model === null || !('PaReq' in model)) return model;
  return { ...model, AcsUrl: `${origin}/acs` };
}
