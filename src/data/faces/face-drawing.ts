import type { Rng } from "../../core";

/** A colour: hue in degrees, saturation and lightness in percent. */
type Colour = readonly [hue: number, saturation: number, lightness: number];

/** What makes a drawn person: shapes and colours, the same in each of their pictures. Lengths: a picture is 2 wide and high. */
export interface DrawnPerson {
  readonly skin: Colour;
  readonly hair: Colour;
  readonly head: { readonly width: number; readonly height: number; readonly jaw: number };
  readonly hairline: { readonly height: number; readonly side: number; readonly length: number };
  readonly eyes: Readonly<Record<"apart" | "y" | "width" | "height" | "tilt" | "hue" | "shade", number>>;
  readonly brows: Readonly<Record<"above" | "thick" | "tilt" | "length", number>>;
  readonly nose: { readonly length: number; readonly width: number };
  readonly mouth: { readonly y: number; readonly width: number; readonly thick: number; readonly hue: number };
  readonly ears: number;
  /** Opacity of a beard; 0 of most. */
  readonly beard: number;
}

/** What differs between pictures of one person, but for light and noise, which come after the drawing. */
export interface DrawnPose {
  /** Turn of the head in the picture (degrees), to the side (-1..1) and up or down (-1..1). */
  readonly roll: number;
  readonly yaw: number;
  readonly pitch: number;
  readonly scale: number;
  readonly shift: readonly [right: number, down: number];
  /** Corners of the mouth, -1 down to 1 up. */
  readonly smile: number;
  readonly mouthOpen: number;
  /** Factor of the eyes' height. */
  readonly eyesOpen: number;
  readonly browsUp: number;
  readonly background: Colour;
  readonly clothes: Colour;
}

export function drawPerson(rng: Rng): DrawnPerson {
  const between = betweenOf(rng);
  const natural = rng.uniform() < 0.85;
  return {
    skin: [between(14, 32), between(28, 58), between(36, 80)],
    hair: natural
      ? [between(14, 44), between(10, 60), between(8, 62)]
      : [between(0, 360), between(20, 60), between(25, 70)],
    head: { width: between(0.5, 0.68), height: between(0.68, 0.86), jaw: between(0.35, 1) },
    hairline: { height: between(0.25, 0.62), side: between(0, 0.5), length: between(0, 0.9) },
    eyes: {
      apart: between(0.19, 0.32),
      y: between(-0.14, 0.04),
      width: between(0.08, 0.14),
      height: between(0.045, 0.095),
      tilt: between(-14, 14),
      hue: between(20, 230),
      shade: between(15, 50),
    },
    brows: {
      above: between(0.11, 0.19),
      thick: between(0.025, 0.08),
      tilt: between(-16, 16),
      length: between(0.09, 0.16),
    },
    nose: { length: between(0.15, 0.32), width: between(0.05, 0.15) },
    mouth: { y: between(0.36, 0.52), width: between(0.14, 0.3), thick: between(0.03, 0.08), hue: between(-12, 14) },
    ears: between(0.02, 0.15),
    beard: rng.uniform() < 0.3 ? between(0.35, 0.9) : 0,
  };
}

/** @param strength Of pose and expression: 0 none, 1 as a data set has it. */
export function drawPose(
  rng: Rng,
  { pose, expression }: { readonly pose: number; readonly expression: number },
): DrawnPose {
  const between = betweenOf(rng);
  return {
    roll: pose * between(-14, 14),
    yaw: pose * between(-1, 1),
    pitch: pose * between(-1, 1),
    scale: 1 + pose * between(-0.1, 0.1),
    shift: [pose * between(-0.07, 0.07), pose * between(-0.07, 0.07)],
    smile: expression * between(-0.6, 1),
    mouthOpen: expression * Math.max(0, between(-0.5, 1)),
    eyesOpen: 1 - expression * between(-0.15, 0.65),
    browsUp: expression * between(-0.03, 0.05),
    background: [between(0, 360), between(0, 45), between(15, 85)],
    clothes: [between(0, 360), between(10, 60), between(15, 75)],
  };
}

function betweenOf(rng: Rng) {
  return (least: number, most: number) => least + (most - least) * rng.uniform();
}

const TAU = Math.PI / 180;

/** SVG of one face, drawn between -1 and 1 on both axes. */
export function faceSvg(person: DrawnPerson, pose: DrawnPose): string {
  const { skin, head, ears } = person;
  const { roll, yaw, pitch, scale, shift, background, clothes } = pose;
  const outline = headPath(head);
  // A turned head: what is on its face moves to the side and narrows, its outline hardly.
  const narrow = Math.cos(32 * TAU * yaw);
  const features = `translate(${n(0.17 * yaw)} ${n(0.07 * pitch)}) scale(${n(narrow)} 1)`;
  const ear = (side: number) =>
    shape("ellipse", { cx: side * head.width + 0.06 * yaw, cy: 0.05, rx: ears, ry: 1.6 * ears }, shade(skin, -6));
  return [
    `<rect x="-1" y="-1" width="2" height="2" fill="${css(background)}"/>`,
    shape("ellipse", { cx: 0, cy: 1.25, rx: 0.95, ry: 0.5 }, clothes),
    `<g transform="translate(${n(shift[0])} ${n(shift[1])}) rotate(${n(roll)}) scale(${n(scale)})">`,
    backHair(person),
    shape("rect", { x: -0.2, y: 0.4, width: 0.4, height: 0.8 }, shade(skin, -9)),
    ear(-1),
    ear(1),
    `<path d="${outline}" fill="${css(skin)}"/>`,
    frontHair(person, yaw),
    `<g transform="${features}">${beardOf(person)}${eyesOf(person, pose)}${noseOf(person, yaw)}${mouthOf(person, pose)}</g>`,
    "</g>",
  ].join("");
}

function headPath({ width: w, height: h, jaw }: DrawnPerson["head"]): string {
  return `M ${n(-w)} -0.05 C ${n(-w)} ${n(-1.15 * h)} ${n(w)} ${n(-1.15 * h)} ${n(w)} -0.05 C ${n(w)} ${n(0.55 * h)} ${n(jaw * w)} ${n(h)} 0 ${n(h)} C ${n(-jaw * w)} ${n(h)} ${n(-w)} ${n(0.55 * h)} ${n(-w)} -0.05 Z`;
}

function backHair({ hair, head, hairline }: DrawnPerson): string {
  const [w, h] = [head.width + 0.07 + 0.1 * hairline.length, head.height];
  const below = -0.3 + 1.1 * hairline.length;
  return `<path d="M ${n(-w)} ${n(below)} L ${n(-w)} -0.1 C ${n(-w)} ${n(-1.4 * h)} ${n(w)} ${n(-1.4 * h)} ${n(w)} -0.1 L ${n(w)} ${n(below)} Z" fill="${css(shade(hair, -5))}"/>`;
}

function frontHair({ hair, head, hairline }: DrawnPerson, yaw: number): string {
  const [w, h] = [head.width + 0.02, head.height];
  const line = -0.15 - hairline.height * h;
  const parting = (hairline.side - 0.25) * 1.6 * w + 0.1 * yaw;
  return `<path d="M ${n(-w)} -0.1 C ${n(-w)} ${n(-1.3 * h)} ${n(w)} ${n(-1.3 * h)} ${n(w)} -0.1 Q ${n(0.9 * w)} ${n(line)} ${n(parting)} ${n(line)} Q ${n(-0.9 * w)} ${n(line)} ${n(-w)} -0.1 Z" fill="${css(hair)}"/>`;
}

function eyesOf({ eyes, brows, hair }: DrawnPerson, { eyesOpen, browsUp, yaw }: DrawnPose): string {
  return [-1, 1]
    .map((side) => {
      const at = { cx: side * eyes.apart, cy: eyes.y };
      const height = eyes.height * eyesOpen;
      const iris = Math.min(0.75 * eyes.width, 1.1 * height);
      const brow = eyes.y - brows.above - browsUp;
      return [
        `<g transform="rotate(${n(side * eyes.tilt)} ${n(at.cx)} ${n(at.cy)})">`,
        shape("ellipse", { ...at, rx: eyes.width, ry: height }, [0, 0, 96]),
        shape("circle", { cx: at.cx + 0.03 * yaw, cy: at.cy, r: iris }, [eyes.hue, 50, eyes.shade]),
        shape("circle", { cx: at.cx + 0.03 * yaw, cy: at.cy, r: 0.45 * iris }, [0, 0, 5]),
        "</g>",
        `<g transform="rotate(${n(side * brows.tilt)} ${n(at.cx)} ${n(brow)})">`,
        shape(
          "rect",
          { x: at.cx - brows.length, y: brow - brows.thick / 2, width: 2 * brows.length, height: brows.thick },
          shade(hair, -12),
        ),
        "</g>",
      ].join("");
    })
    .join("");
}

function noseOf({ nose, eyes, skin }: DrawnPerson, yaw: number): string {
  const [top, tip] = [eyes.y + 0.08, eyes.y + 0.08 + nose.length];
  const to = 0.08 * yaw;
  return [
    `<path d="M 0 ${n(top)} L ${n(to + nose.width)} ${n(tip)} L ${n(to - nose.width)} ${n(tip)} Z" fill="${css(shade(skin, -10))}"/>`,
    shape("ellipse", { cx: to, cy: tip, rx: nose.width, ry: 0.035 }, shade(skin, -18)),
  ].join("");
}

function mouthOf({ mouth, skin }: DrawnPerson, { smile, mouthOpen, yaw }: DrawnPose): string {
  const [w, y] = [mouth.width * (1 + 0.2 * Math.max(0, smile)), mouth.y];
  const [corner, middle] = [y - 0.09 * smile, y + 0.09 * smile];
  const x = 0.04 * yaw;
  const upper = middle - mouth.thick;
  const lower = middle + mouth.thick + 0.16 * mouthOpen;
  const lips: Colour = [skin[0] - 16 + mouth.hue, Math.min(75, skin[1] + 18), Math.max(18, skin[2] - 20)];
  const curve = (control: number) => `Q ${n(x)} ${n(control)}`;
  const open =
    mouthOpen > 0.15
      ? `<path d="M ${n(x - 0.8 * w)} ${n(corner)} ${curve(middle)} ${n(x + 0.8 * w)} ${n(corner)} ${curve(lower)} ${n(x - 0.8 * w)} ${n(corner)} Z" fill="#30100c"/>`
      : "";
  return `<path d="M ${n(x - w)} ${n(corner)} ${curve(upper)} ${n(x + w)} ${n(corner)} ${curve(lower)} ${n(x - w)} ${n(corner)} Z" fill="${css(lips)}"/>${open}`;
}

function beardOf({ beard, hair, head, mouth }: DrawnPerson): string {
  if (beard === 0) return "";
  const at = { cx: 0, cy: mouth.y + 0.14, rx: 0.62 * head.width, ry: Math.max(0.1, head.height - mouth.y - 0.12) };
  return `<g opacity="${n(beard)}">${shape("ellipse", at, hair)}</g>`;
}

function shape(kind: "ellipse" | "circle" | "rect", at: Readonly<Record<string, number>>, fill: Colour): string {
  const places = Object.entries(at).map(([name, value]) => `${name}="${n(value)}"`);
  return `<${kind} ${places.join(" ")} fill="${css(fill)}"/>`;
}

function shade([hue, saturation, lightness]: Colour, by: number): Colour {
  return [hue, saturation, Math.min(97, Math.max(3, lightness + by))];
}

function css([hue, saturation, lightness]: Colour): string {
  return `hsl(${n((hue + 360) % 360)},${n(saturation)}%,${n(lightness)}%)`;
}

function n(value: number): string {
  return String(Number(value.toFixed(4)));
}
