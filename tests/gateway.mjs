// What tests in Node share: a gateway or its sandbox as a child process.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

/** The folder whose `gateway` package is tested, this repository unless said. */
export const ROOT = process.env.GATEWAY_ROOT ?? REPOSITORY;

// The gateway refuses a variable of this kind that it does not know.
const { GATEWAY_ROOT: _, ...ENVIRONMENT } = process.env;

const SERVES_MS = 30_000;

/** The bounds of a test, and of what starts and ends gateway and browser. */
export const TEST = { timeout: 60_000 };
export const START = { timeout: 90_000 };

/** Start the gateway as a user would, and return its address and how to stop it. */
export function startGateway({ root = ROOT, env = {} } = {}) {
  return startCommand("serve", "/healthz", { root, env });
}

// The last line of what `gateway sandbox` prints.
const LAST_LINE = /^set \+a$/m;

/**
 * Start the simulators alone, and run the script that they print as a person would.
 *
 * `settings` is what a gateway then finds in its environment; it knows the demo
 * persons by `X-API-Key: demo-NAME`.
 */
export async function startSandbox() {
  const sandbox = await startCommand("sandbox", "/switches", { root: ROOT, env: {} });
  const folder = mkdtempSync(path.join(tmpdir(), "gateway-sandbox-"));
  const stop = async () => {
    await sandbox.stop();
    rmSync(folder, { recursive: true });
  };
  try {
    const deadline = Date.now() + SERVES_MS;
    while (!LAST_LINE.test(sandbox.output())) {
      assert.ok(Date.now() < deadline, "the sandbox prints no settings");
      await sleep(20);
    }
    const script = path.join(folder, "introduction.sh");
    writeFileSync(script, `${sandbox.output()}\nenv -0\n`);
    const printed = execFileSync("sh", ["-e", script], { cwd: folder });
    const variables = printed
      .toString()
      .split("\0")
      .map((line) => line.split(/=(.*)/s).slice(0, 2))
      .filter(([name]) => name.startsWith("GATEWAY_"));
    return { ...sandbox, stop, settings: Object.fromEntries(variables) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startCommand(command, probe, { root, env }) {
  const port = await freePort();
  const python = process.env.PYTHON ?? path.join(REPOSITORY, ".venv/bin/python");
  const child = spawn(python, ["-m", "gateway", command, "--port", `${port}`], {
    cwd: root,
    env: { ...ENVIRONMENT, PYTHONPATH: root, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + SERVES_MS;
  while (!(await answers(`${url}${probe}`))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`gateway ${command} does not serve:\n${output}`);
    }
    await sleep(100);
  }
  return { url, stop, output: () => output };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
