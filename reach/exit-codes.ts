/** Exit codes: fine; the answer is no; unusable input or usage. */
export const exitCodes = { fine: 0, no: 1, unusable: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
