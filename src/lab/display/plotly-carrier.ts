/**
 * Which figure of a notebook brings plotly: the first one, by its title.
 *
 * When its cell runs again, its old output is gone, so it brings plotly again; all others rely on it. A page without it
 * still has the static pictures, and asks a running server for plotly.
 */
export class PlotlyCarrier {
  private title: string | undefined;

  carries(title: string): boolean {
    this.title ??= title;
    return this.title === title;
  }
}

/** That of this process: a kernel serves one notebook. */
export const plotlyCarrier = new PlotlyCarrier();
