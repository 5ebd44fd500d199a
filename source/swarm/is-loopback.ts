// isLoopback: is an IP address this very machine? Limits by address spare it: one machine runs many peers in tests and at home.

/** All of 127.0.0.0/8 (RFC 1122) and ::1 (RFC 4291), and 0.0.0.0 and ::, which lead here too; also as IPv4 mapped into IPv6. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host === "::" || /^(::ffff:)?(127\.|0\.0\.0\.0$)/i.test(host);
}
