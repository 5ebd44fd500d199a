// The `bencode` package brings no types; the tests compare with its encoder only.
declare module "bencode" {
  const bencode: { encode(value: unknown): Uint8Array };
  export default bencode;
}
