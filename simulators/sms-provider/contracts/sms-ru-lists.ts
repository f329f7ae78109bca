import { changeSettings, type SmsCentre } from '#simulators/sms-provider/centre';

type Query = Readonly<Record<string, string>>;

interface Listed {
  readonly code: number;
  readonly members?: object;
}

const stopLists = new WeakMap<SmsCentre, Map<string, string>>();

/** The stop list and the callback address, as sms.ru lets its clients keep them. Undefined: another method. */
export function answerList(centre: SmsCentre, path: string, query: Query): Listed | undefined {
  const stopped = stopListOf(centre);
  const phone = query.stoplist_phone ?? '';
  switch (path) {
    case '/stoplist/add':
      if (!/^\d{10,15}$/.test(phone)) return { code: 202 };
      stopped.set(phone, query.stoplist_text ?? '');
      return { code: 100 };
    case '/stoplist/del':
      stopped.delete(phone);
      return { code: 100 };
    case '/stoplist/get':
      return { code: 100, members: { stoplist: Object.fromEntries(stopped) } };
    case '/callback/add':
      return setCallback(centre, query.url ?? '');
    case '/callback/del':
      return setCallback(centre, '');
    case '/callback/get':
      return { code: 100, members: { callback: callbacksOf(centre) } };
    default:
      return undefined;
  }
}

export function isStopped(centre: SmsCentre, to: string): boolean {
  return stopListOf(centre).has(to);
}

function stopListOf(centre: SmsCentre): Map<string, string> {
  const known = stopLists.get(centre);
  if (known) return known;
  const list = new Map<string, string>();
  stopLists.set(centre, list);
  centre.onReset(() => list.clear());
  return list;
}

function setCallback(centre: SmsCentre, url: string): Listed {
  if (url !== '' && !URL.canParse(url)) return { code: 901 };
  const settings = centre.settingsOf('sms-ru');
  centre.changeSettings('sms-ru', changeSettings(settings, { callbackUrl: url }));
  return { code: 100, members: { callback: callbacksOf(centre) } };
}

function callbacksOf(centre: SmsCentre): readonly string[] {
  const { callbackUrl } = centre.settingsOf('sms-ru');
  return callbackUrl === '' ? [] : [callbackUrl];
}
