import { Box } from "ink";
import { memo } from "react";
import { Row } from "./row.tsx";

/** Rows one below the other, `width` columns wide. */
export const Rows = memo(
  function Rows({ lines, width }: { readonly lines: readonly string[]; readonly width: number }) {
    return (
      <Box flexDirection="column" width={width} flexShrink={0}>
        {lines.map((line, row) => (
          // A place on the screen is what stays; the texts move through it.
          // oxlint-disable-next-line react/no-array-index-key
          <Row key={row} text={line} />
        ))}
      </Box>
    );
  },
  (before, after) =>
    before.width === after.width &&
    before.lines.length === after.lines.length &&
    before.lines.every((line, row) => line === after.lines[row]),
);
