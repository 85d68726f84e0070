// Numbers and times in words, as the server writes them (templatetags/spanish.py).

export const number = (value) => new Intl.NumberFormat("en-US").format(value);

export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

const UNITS = [
  [365 * 86_400, "año", "años"],
  [30 * 86_400, "mes", "meses"],
  [86_400, "d", "d"],
  [3_600, "h", "h"],
  [60, "min", "min"],
];

export function elapsed(seconds) {
  for (const [size, one, many] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `hace ${count} ${count === 1 ? one : many}`;
  }
  return "ahora";
}
