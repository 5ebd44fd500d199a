import { Box } from "ink";
import Spinner from "ink-spinner";
import { memo } from "react";
import type { StatusLine as StatusValues } from "../panes/status-line.ts";
import { Row } from "./row.tsx";

/** The first line. Its spinner turns, at twelve frames a second, only while something is awaited. */
export const StatusLine = memo(
  function StatusLine({ status, ascii }: { readonly status: StatusValues; readonly ascii: boolean }) {
    return (
      <Box>
        <Row text={status.before} />
        {status.glyph === null ? <Spinner type={ascii ? "line" : "dots"} /> : <Row text={status.glyph} />}
        <Row text={status.after} />
      </Box>
    );
  },
  (a, b) =>
    a.ascii === b.ascii &&
    a.status.before === b.status.before &&
    a.status.glyph === b.status.glyph &&
    a.status.after === b.status.after,
);
