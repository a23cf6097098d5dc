export const n = (count: number): string => count.toLocaleString('en-US');
