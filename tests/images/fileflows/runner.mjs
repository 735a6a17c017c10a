// Runs the code of one Function element with stand-ins of what FileFlows gives it. In: JSON on stdin. Out: JSON on stdout.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const state = { workingFile: given.workingFile, reason: "", log: [], result: -1 };
const headers = new Map();

const Logger = Object.fromEntries(["ILog", "WLog", "ELog", "DLog"].map((name) => [name, (text) => state.log.push(`${name}: ${text}`)]));
const Variables = given.variables;
const JsonContent = (text) => ({ type: "application/json", text: String(text) });

const POST = `
  import { readFileSync } from "node:fs";
  const { url, ...request } = JSON.parse(readFileSync(0, "utf8"));
  const answer = await fetch(url, { ...request, method: "POST", signal: AbortSignal.timeout(20000) });
  process.stdout.write(String(answer.status));
`;

const http = {
  DefaultRequestHeaders: { Add: (name, value) => headers.set(name, value), Remove: (name) => headers.delete(name) },
  PostAsync(url, content) {
    // Scripts wait for an answer by .Result, so the request is made at once, by a process of its own.
    const request = { url, headers: { ...Object.fromEntries(headers), "Content-Type": content.type }, body: content.text };
    const done = spawnSync(process.execPath, ["--input-type=module", "-e", POST], { input: JSON.stringify(request), encoding: "utf8" });
    const status = Number(done.stdout) || 0;
    return { Result: { IsSuccessStatusCode: status >= 200 && status < 300, StatusCode: status } };
  },
};

const Flow = {
  TempPath: given.temp,
  NewGuid: () => randomUUID(),
  // Nothing until its DockerMod has installed it.
  GetToolPath: (name) => (name === "ffmpeg" && existsSync("/usr/local/bin/ffmpeg") ? "/usr/local/bin/ffmpeg" : ""),
  SetWorkingFile: (path) => { state.workingFile = path; },
  Fail: (reason) => { state.reason = reason; return -1; },
  Execute({ command, argumentList }) {
    const done = spawnSync(command, argumentList, { encoding: "utf8" });
    return { exitCode: done.status ?? -1, standardOutput: done.stdout, standardError: done.stderr };
  },
};
const System = { IO: { File: { Exists: existsSync, Copy: copyFileSync } } };
const Sleep = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

try {
  const run = new Function("Flow", "Variables", "Logger", "http", "JsonContent", "System", "Sleep", given.code);
  state.result = run(Flow, Variables, Logger, http, JsonContent, System, Sleep);
} catch (error) {
  state.reason = `Failed executing function: ${error.message}`;
}
process.stdout.write(JSON.stringify(state));
