/** A series of numbers as it comes in, thinned out evenly once there are more than a picture needs. */
export class ThinnedSeries<Point> {
  private points: Point[] = [];
  private stride = 1;
  private seen = 0;

  /** @param most Points that are kept. */
  constructor(private readonly most: number) {}

  /** Those that are kept, in the order in which they came. */
  get kept(): readonly Point[] {
    return this.points;
  }

  add(point: Point): void {
    if (this.seen++ % this.stride === 0) this.points.push(point);
    if (this.points.length <= this.most) return;
    this.points = this.points.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }
}
