import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { connectRedis, redisName, redisOptions } from "../../src/queue/redis";
import { freePort, hasRedis, RedisServer } from "./redis-server";

describe("the address of a Redis", () => {
  it("is told without user and password", () => {
    expect(redisName("rediss://me:geheim@host:7000/2")).toBe("rediss://host:7000/2");
    expect(redisName("redis://:geheim@host")).toBe("redis://host");
  });

  it.each(["localhost:6379", "http://host", "redis://", "geheim"])(
    "is refused when it is %s, without its text",
    (url) => {
      expect(() => redisOptions({ url })).toThrow(/must be given as redis:\/\/host:port/);
      expect(() => redisOptions({ url })).not.toThrow(/geheim/);
    },
  );

  it("is refused where its password cannot be read, without its text", () => {
    const options = () => redisOptions({ url: "redis://:geheim%zz@host" });
    expect(options).toThrow(/a percent sign as %25/);
    expect(options).not.toThrow(/geheim/);
  });

  it("has a database by number, and a CA with TLS only", () => {
    expect(redisOptions({ url: "redis://host/3" })).toMatchObject({ host: "host", port: 6379, db: 3 });
    expect(() => redisOptions({ url: "redis://host/name" })).toThrow(/must be a number/);
    expect(() => redisOptions({ url: "redis://host", ca: "ca.pem" })).toThrow(/take rediss:/);
    expect(() => redisOptions({ url: "rediss://host", ca: "/nowhere/ca.pem" })).toThrow(/ENOENT/);
  });
});

it("says which Redis does not answer, and why", async () => {
  const url = `redis://:geheim@127.0.0.1:${await freePort()}`;
  const failed = await connectRedis({ url }).catch((error: Error) => error);
  expect(failed).toMatchObject({ code: "CONFIG" });
  expect((failed as Error).message).toMatch(/must be a Redis that answers.*ECONNREFUSED/);
  expect((failed as Error).message).not.toMatch(/geheim/);
});

describe.skipIf(!hasRedis)("a real Redis", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-tls-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("with a password takes who has it, from the address or apart, and nobody else", async () => {
    const server = await RedisServer.start(["--requirepass", "geheim wort"]);
    try {
      const answers = async (place: Parameters<typeof connectRedis>[0]) => {
        const client = await connectRedis(place);
        client.disconnect();
      };
      await answers({ url: `redis://:geheim%20wort@127.0.0.1:${server.port}` });
      await answers({ url: server.url, password: "geheim wort" });
      await expect(answers({ url: server.url })).rejects.toThrow(/NOAUTH/);
      await expect(answers({ url: server.url, password: "falsch" })).rejects.toThrow(/WRONGPASS/);
    } finally {
      await server.stop();
    }
  });

  it("with TLS takes who knows its CA, and is refused by who does not", async () => {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...[
          "-subj",
          "/CN=localhost",
          "-addext",
          "subjectAltName=DNS:localhost,IP:127.0.0.1",
          "-keyout",
          key,
          "-out",
          certificate,
        ],
      ],
      { stdio: "ignore" },
    );
    const tlsPort = await freePort();
    const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
    const server = await RedisServer.start(["--tls-port", `${tlsPort}`, ...files, "--tls-auth-clients", "no"]);
    try {
      const url = `rediss://127.0.0.1:${tlsPort}`;
      const client = await connectRedis({ url, ca: certificate });
      expect(await client.ping()).toBe("PONG");
      client.disconnect();
      await expect(connectRedis({ url })).rejects.toThrow(/self-signed certificate/);
      writeFileSync(join(folder, "none.pem"), "");
    } finally {
      await server.stop();
    }
  });
});
