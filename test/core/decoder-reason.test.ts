import { describe, expect, test } from "vitest";
import { decoderReason } from "../../src/core";

describe("decoderReason", () => {
  test("says the first line of what a decoder says, without its last stop", () => {
    expect(decoderReason(new Error("Input buffer has corrupt header:\nmore"))).toBe("Input buffer has corrupt header");
    expect(decoderReason("no error at all")).toBe("no error at all");
  });

  test("does not repeat a slip of the decoder's code", () => {
    for (const slip of [
      () => (undefined as unknown as string[]).map(String),
      () => (({ map: 1 }) as unknown as string[]).map(String),
      () => new DataView(new ArrayBuffer(1)).getInt32(0),
      () => new Array(-1),
    ]) {
      let met: unknown;
      try {
        slip();
      } catch (error) {
        met = error;
      }
      expect(met).toBeInstanceOf(Error);
      expect(decoderReason(met)).toBe("its parts do not fit together");
    }
  });
});
