/** Numbers as they are written: counted as decimals, never as binary fractions. */
export interface Decimal {
  digits: bigint;
  decimals: number;
  /** Written with leading zeros. */
  padded: boolean;
  /** Characters it was written with. */
  width: number;
}

const MOST_DIGITS = 18;

/** "7", "-0.25", "007"; null when it is no such number. */
export function parseDecimal(text: string): Decimal | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (whole.length + fraction.length > MOST_DIGITS) return null;
  return {
    digits: BigInt(sign + whole + fraction),
    decimals: fraction.length,
    padded: whole.length > 1 && whole.startsWith('0'),
    width: text.length,
  };
}

/** The digits when the number is written with this many decimals, at least its own. */
export const digitsWith = (number: Decimal, decimals: number): bigint =>
  number.digits * 10n ** BigInt(decimals - number.decimals);

/** digits * 10^-decimals, with zeros in front until it is `width` characters long. */
export function formatDecimal(digits: bigint, decimals: number, width: number): string {
  const sign = digits < 0n ? '-' : '';
  let text = String(digits < 0n ? -digits : digits).padStart(decimals + 1, '0');
  if (decimals > 0) text = `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  return sign + text.padStart(width - sign.length, '0');
}
