import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type Figure, type FigureFileOptions, figureBundle, figureTitle, saveFigure } from "../../viz";
import { plotlyCarrier } from "./plotly-carrier";

/** A figure that shows itself: interactive, static and as text. */
export class FigureView implements Displayable {
  constructor(readonly figure: Figure) {}

  /**
   * Writes the figure as it is seen here: `figure.save("front.svg")`, `.png` or `.pdf`; see {@link saveFigure}.
   * @returns the path.
   * @throws ConfigError for another ending or an unknown option, CheckpointError when it cannot be written.
   */
  save(path: string, options: FigureFileOptions = {}): Promise<string> {
    return saveFigure(this.figure, path, options);
  }

  [DISPLAY](): Promise<MimeBundle> {
    return figureBundle(this.figure, plotlyCarrier.carries(nameOf(this.figure)));
  }
}

/** What a figure is known by when its cell runs again: its title, or how its data begin. */
function nameOf(figure: Figure): string {
  return figureTitle(figure) || JSON.stringify(figure.data).slice(0, 200);
}
