import { Text } from "ink";
import { memo } from "react";

/** One row of the screen, ready: drawn again only when its text changed. */
export const Row = memo(function Row({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text}</Text>;
});
