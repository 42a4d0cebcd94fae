import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type Figure, figureBundle, figureTitle } from "../../viz";
import { plotlyCarrier } from "./plotly-carrier";

/** A figure that shows itself: interactive, static and as text. */
export class FigureView implements Displayable {
  constructor(readonly figure: Figure) {}

  [DISPLAY](): Promise<MimeBundle> {
    return figureBundle(this.figure, plotlyCarrier.carries(nameOf(this.figure)));
  }
}

/** What a figure is known by when its cell runs again: its title, or how its data begin. */
function nameOf(figure: Figure): string {
  return figureTitle(figure) || JSON.stringify(figure.data).slice(0, 200);
}
