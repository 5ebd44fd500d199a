import { Box, useApp, useInput, usePaste, type Key, type SuspendTerminal } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import { Prompt } from "./components/prompt.tsx";
import { Row } from "./components/row.tsx";
import { Rows } from "./components/rows.tsx";
import { StatusLine } from "./components/status-line.tsx";
import { drawScreen, type MainArea } from "./screen.ts";
import type { Theme } from "./theme.ts";
import type { ViewState } from "./view-state.ts";

/** What the viewer shows and whom it tells; see `session.ts`. */
export interface ViewerSource {
  getState(): ViewState;
  subscribe(listener: () => void): () => void;
  input(input: string, key: Key): void;
  pasted(text: string): void;
  /** The viewer is drawn; this is how it lends the terminal. */
  attached(suspendTerminal: SuspendTerminal): void;
}

/**
 * The whole screen: exactly as many columns and rows as the terminal has. Its lines fit: a box that clips would measure each of them
 * twice more a frame, which takes longer than all else.
 */
export function Viewer({ source, theme }: { readonly source: ViewerSource; readonly theme: Theme }) {
  const state = useSyncExternalStore(
    (listener) => source.subscribe(listener),
    () => source.getState(),
  );
  const { suspendTerminal } = useApp();
  useEffect(() => source.attached(suspendTerminal), [source, suspendTerminal]);
  useInput((input, key) => source.input(input, key));
  usePaste((text) => source.pasted(text));

  const { columns, rows, settings } = state;
  const screen = drawScreen(state, theme);
  return (
    <Box width={columns} height={rows} flexDirection="column">
      <StatusLine status={screen.status} ascii={settings.ascii} />
      <Rows lines={screen.alert} width={columns} />
      <Main main={screen.main} columns={columns} />
      <Rows lines={screen.message} width={columns} />
      {screen.hints !== null && <Row text={screen.hints} />}
      {screen.prompt !== null && (
        <>
          <Prompt prompt={screen.prompt} width={columns} ascii={settings.ascii} still={settings.lowBandwidth} />
          <Row text={screen.prompt.note} />
        </>
      )}
      {screen.overlay !== null && (
        <Box position="absolute" marginLeft={screen.overlay.left} marginTop={screen.overlay.top}>
          <Rows lines={screen.overlay.lines} width={columns - screen.overlay.left} />
        </Box>
      )}
    </Box>
  );
}

function Main({ main, columns }: { readonly main: MainArea; readonly columns: number }) {
  switch (main.type) {
    case "one":
      return <Rows lines={main.lines} width={columns} />;
    case "panes": {
      const { available, transfers, broadcasts } = main.panes;
      if (!main.wide) return <Rows lines={[...available, ...transfers, ...broadcasts]} width={columns} />;
      return (
        <>
          <Box>
            <Rows lines={available} width={main.leftWidth} />
            <Rows lines={broadcasts} width={columns - main.leftWidth} />
          </Box>
          <Rows lines={transfers} width={columns} />
        </>
      );
    }
    default:
      return main satisfies never;
  }
}
