import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, newHeader, Signer } from "../../kernel/wire/message";
import { SendQueue } from "../../kernel/wire/send-queue";
import { StreamBuffer, type StreamText } from "../../kernel/wire/stream-buffer";

const signer = new Signer("hmac-sha256", "secret");

function frames(content: Record<string, unknown>, by = signer): Buffer[] {
  const message = {
    identities: ["client"],
    header: newHeader("x_request", "s"),
    parent: {},
    content: JSON.stringify(content),
  };
  return encode(message, by).map((frame) => Buffer.from(frame));
}

describe("wire messages", () => {
  it("come back as they were sent", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
        const expected = JSON.parse(JSON.stringify(content));
        const message = decode(frames(content), signer);
        expect(message.content).toEqual(expected);
        expect(message.identities.map(String)).toEqual(["client"]);
      }),
    );
  });

  it("are refused when any signed part was changed", () => {
    for (let part = 3; part < 7; part++) {
      const forged = frames({ code: "1" });
      forged[part] = Buffer.from('{"code":"2"}');
      expect(() => decode(forged, signer)).toThrow(/wrong signature/);
    }
  });

  it("are refused with another key, without delimiter, or cut short", () => {
    expect(() => decode(frames({}, new Signer("hmac-sha256", "other")), signer)).toThrow(/wrong signature/);
    expect(() =>
      decode(
        frames({}).filter((_, i) => i !== 1),
        signer,
      ),
    ).toThrow(/delimiter/);
    expect(() => decode(frames({}).slice(0, 5), signer)).toThrow(/five frames/);
  });

  it("need no signature when the key is empty", () => {
    const open = new Signer("hmac-sha256", "");
    expect(decode(frames({ a: 1 }, open), open).content).toEqual({ a: 1 });
  });
});

describe("the send queue", () => {
  it("has one send at a time and keeps the order", async () => {
    const sent: string[] = [];
    let busy = false;
    const socket = {
      async send([text]: (Buffer | string)[]) {
        if (busy) throw new Error("EBUSY");
        busy = true;
        await new Promise((done) => setImmediate(done));
        busy = false;
        sent.push(String(text));
      },
    };
    const errors: unknown[] = [];
    const queue = new SendQueue(socket, (error) => errors.push(error));
    for (let i = 0; i < 200; i++) queue.push([String(i)]);
    await new Promise((done) => setTimeout(done, 5));
    queue.push(["last"]);
    await queue.drained();
    expect(errors).toEqual([]);
    expect(sent).toEqual([...Array.from({ length: 200 }, (_, i) => String(i)), "last"]);
  });

  it("goes on after a send that failed", async () => {
    const sent: string[] = [];
    const socket = {
      async send([text]: (Buffer | string)[]) {
        if (text === "bad") throw new Error("unsendable");
        sent.push(String(text));
      },
    };
    const errors: unknown[] = [];
    const queue = new SendQueue(socket, (error) => errors.push(error));
    for (const text of ["a", "bad", "b"]) queue.push([text]);
    await queue.drained();
    expect(sent).toEqual(["a", "b"]);
    expect(errors).toHaveLength(1);
  });
});

describe("the stream buffer", () => {
  it("joins text of one cell and stream, and loses nothing", () => {
    const cells = fc.record({
      name: fc.constantFrom("stdout", "stderr") as fc.Arbitrary<StreamText["name"]>,
      cell: fc.integer({ min: 1, max: 2 }),
      text: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(cells), (written) => {
        const out: StreamText[] = [];
        const buffer = new StreamBuffer((text) => out.push(text));
        for (const text of written) buffer.write(text);
        buffer.flush();
        for (const name of ["stdout", "stderr"] as const) {
          for (const cell of [1, 2]) {
            const textOf = (all: StreamText[]): string =>
              all
                .filter((t) => t.name === name && t.cell === cell)
                .map((t) => t.text)
                .join("");
            expect(textOf(out)).toBe(textOf(written));
          }
        }
        for (let i = 1; i < out.length; i++)
          expect([out[i]!.name, out[i]!.cell]).not.toEqual([out[i - 1]!.name, out[i - 1]!.cell]);
      }),
    );
  });
});
