import { type Figure, figureBundle, figureTitle } from "../viz";
import { DISPLAY, type Displayable, type MimeBundle } from "./display-protocol";
import { plotlyCarrier } from "./plotly-carrier";

/** A figure that shows itself: interactive, static and as text. */
export class FigureView implements Displayable {
  constructor(readonly figure: Figure) {}

  [DISPLAY](): Promise<MimeBundle> {
    return figureBundle(this.figure, plotlyCarrier.carries(figureTitle(this.figure)));
  }
}
