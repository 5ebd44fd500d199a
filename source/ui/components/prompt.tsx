import { Box, Text } from "ink";
import Spinner from "ink-spinner";
import type { PromptLine } from "../screen.ts";

interface Props {
  readonly prompt: PromptLine;
  readonly width: number;
  readonly ascii: boolean;
  /** Nothing turns while it waits. */
  readonly still: boolean;
}

/** The line being typed, with its cursor. */
export function Prompt({ prompt, width, ascii, still }: Props) {
  const { label, line, waiting } = prompt;
  return (
    <Box width={width} height={1}>
      <Box width={Math.max(1, width - 3)} flexShrink={0}>
        <Text wrap="truncate">
          <Text bold>{` ${label}`}</Text>
          {line.before}
          <Text inverse={!waiting}>{line.under}</Text>
          {line.after}
        </Text>
      </Box>
      {waiting && !still && <Spinner type={ascii ? "line" : "dots"} />}
    </Box>
  );
}
