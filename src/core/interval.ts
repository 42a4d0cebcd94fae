/** Lower and upper end of an interval, both of it. */
export type Interval = readonly [low: number, high: number];
