import { readFileSync } from "node:fs";

/** Jupyter's connection file. */
export interface Connection {
  transport: string;
  ip: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  signature_scheme: string;
  key: string;
}

export type Channel = "shell" | "iopub" | "stdin" | "control" | "hb";

/** @throws Error when the file cannot be read or lacks a field. */
export function readConnection(path: string): Connection {
  let connection: Connection;
  try {
    connection = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`connection file ${path}: cannot be read as JSON`, { cause: error });
  }
  for (const field of [
    "transport",
    "ip",
    "shell_port",
    "iopub_port",
    "stdin_port",
    "control_port",
    "hb_port",
  ] as const) {
    if (connection[field] === undefined) throw new Error(`connection file ${path}: the field "${field}" is missing`);
  }
  return { ...connection, signature_scheme: connection.signature_scheme ?? "hmac-sha256", key: connection.key ?? "" };
}

export function address(connection: Connection, channel: Channel): string {
  const port = connection[`${channel}_port`];
  return connection.transport === "ipc" ? `ipc://${connection.ip}-${port}` : `tcp://${connection.ip}:${port}`;
}
