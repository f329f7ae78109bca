const WITHOUT_ZONE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?$/;

/** A time in UTC that is written without its zone; undefined where the text is none. */
export function utcDate(text: string | undefined): Date | undefined {
  const [, day, time] = WITHOUT_ZONE.exec(text ?? '') ?? [];
  return day === undefined ? undefined : validDate(`${day}T${time}Z`);
}

/** RFC 3339; undefined where the text is none. */
export function validDate(text: string | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
