import { Box, Text } from "ink";
import Spinner from "ink-spinner";
import TextInput from "ink-text-input";
import type { PromptLine } from "../screen.ts";

interface Props {
  readonly prompt: PromptLine;
  readonly width: number;
  readonly ascii: boolean;
  /** Nothing turns while it waits. */
  readonly still: boolean;
  readonly onTyped: (generation: number, value: string) => void;
  readonly onSubmit: () => void;
}

/**
 * The line being typed; of one that is too long its end is shown. A new generation is a new text input, whose cursor
 * stands at the end of the value.
 */
export function Prompt({ prompt, width, ascii, still, onTyped, onSubmit }: Props) {
  const { label, value, generation, waiting, valueWidth } = prompt;
  const room = Math.max(1, width - label.length - 4);
  return (
    <Box width={width} height={1}>
      <Box width={label.length + 1} flexShrink={0}>
        <Text bold>{` ${label}`}</Text>
      </Box>
      <Box
        width={room}
        height={1}
        flexShrink={0}
        overflow="hidden"
        justifyContent={valueWidth > room ? "flex-end" : "flex-start"}
      >
        <Box width={valueWidth} flexShrink={0}>
          <TextInput
            key={generation}
            value={value}
            focus={!waiting}
            onChange={(typed) => onTyped(generation, typed)}
            onSubmit={onSubmit}
          />
        </Box>
      </Box>
      {waiting && !still && <Spinner type={ascii ? "line" : "dots"} />}
    </Box>
  );
}
