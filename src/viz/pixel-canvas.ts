import { encodePng } from "./png";

/** As much of a browser's 2D canvas as plotly's heat map needs: filled rectangles, and the picture as a PNG. */
export class PixelCanvas {
  /** "rgb(1,2,3)" or "rgba(1,2,3,0.5)". */
  fillStyle = "rgba(0,0,0,1)";
  private readonly pixels: Uint8Array;

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.pixels = new Uint8Array(4 * width * height);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const [red, green, blue, alpha = 1] = (this.fillStyle.match(/[0-9.]+/g) ?? ["0", "0", "0"]).map(Number);
    const colour = [red, green, blue, Math.round(255 * alpha)];
    const right = Math.min(this.width, Math.round(x + width));
    const bottom = Math.min(this.height, Math.round(y + height));
    for (let row = Math.max(0, Math.round(y)); row < bottom; row++) {
      for (let column = Math.max(0, Math.round(x)); column < right; column++) {
        this.pixels.set(colour, 4 * (row * this.width + column));
      }
    }
  }

  toDataUrl(): string {
    return `data:image/png;base64,${Buffer.from(encodePng(this.pixels, this.width, this.height, 4)).toString("base64")}`;
  }
}
