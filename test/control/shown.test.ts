/**
 * What other programs read of files, by exact text: at the control socket, in `--json`, in events.jsonl and
 * in identity.json. The texts never change with what the program calls these things inside.
 */
import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, removeFile, whereIsFile } from "../../src/actions/files.ts";
import { storeFile } from "../../src/actions/storing.ts";
import { controlClient } from "../../src/control/client.ts";
import type { ControlHost } from "../../src/control/host.ts";
import { type Control, serveControl } from "../../src/control/server.ts";
import type { LoggedEvent } from "../../src/control/types.ts";
import type { Outcome } from "../../src/protocol/model/events.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { temporaryFolder } from "../store/temporary.ts";

const ORIGIN = "0123456789abcdef";
const SHA = "ab".repeat(32);

const record: FileRecord = {
  name: "4103",
  key: 7,
  operation: { origin: ORIGIN, number: 5 },
  version: { counter: 12, owner: 8, instance: 4_000_000_000 },
  also: [{ counter: 11, owner: 9, instance: 6 }],
  size: 300_000,
  sha256: SHA,
  removed: false,
  apart: false,
  ageMs: 250.5,
  versionVector: [{ counter: 10, owner: 8, instance: 5 }],
  history: [
    {
      origin: ORIGIN,
      from: 1,
      to: 4,
      ageMs: 60_000,
      version: { counter: 10, owner: 8, instance: 5 },
    },
  ],
  spared: [{ counter: 9, owner: 14, instance: 7 }],
};

const RECORD = `{"name":"4103","key":7,"operation":{"origin":"${ORIGIN}","number":5},"stamp":{"counter":12,"owner":8,"run":4000000000},"also":[{"counter":11,"owner":9,"run":6}],"size":300000,"sha256":"${SHA}","removed":false,"apart":false,"ageMs":250.5,"replaced":[{"counter":10,"owner":8,"run":5}],"history":[{"origin":"${ORIGIN}","from":1,"to":4,"ageMs":60000,"stamp":{"counter":10,"owner":8,"run":5}}],"spared":[{"counter":9,"owner":14,"run":7}]}`;

const member = makeMember({
  ...{ id: 8, incarnation: 2, instance: ORIGIN, state: "alive" },
  address: "127.0.0.1:12008",
});

/** One of each kind, and what is read of it. */
const OUTCOMES: readonly (readonly [Outcome, string])[] = [
  [
    { kind: "stored", record, replicas: [8, 9], wanted: 3, withoutReplica: [14], route: [2, 8] },
    `{"kind":"stored","record":${RECORD},"copies":[8,9],"wanted":3,"lacking":[14],"route":[2,8]}`,
  ],
  [{ kind: "placed", owner: 8, route: [2, 8] }, '{"kind":"placed","owner":8,"route":[2,8]}'],
  [
    { kind: "received", request: 77, from: 9, size: 300_000, sha256: SHA, route: [2, 8, 9] },
    `{"kind":"received","request":77,"from":9,"size":300000,"sha256":"${SHA}","route":[2,8,9]}`,
  ],
  [{ kind: "missing", owner: 8, route: [2, 8] }, '{"kind":"missing","owner":8,"route":[2,8]}'],
  [
    { kind: "where", record, replicas: [8, 9, 14], owner: 8, wanted: 3, route: [2, 8] },
    `{"kind":"where","record":${RECORD},"holders":[8,9,14],"owner":8,"wanted":3,"route":[2,8]}`,
  ],
  [
    { kind: "where", record: null, replicas: [], owner: 8, wanted: 3, route: [2, 8] },
    '{"kind":"where","record":null,"holders":[],"owner":8,"wanted":3,"route":[2,8]}',
  ],
  [
    { kind: "owner", key: 7, owner: 8, route: [2, 8] },
    '{"kind":"owner","key":7,"owner":8,"route":[2,8]}',
  ],
  [
    { kind: "listed", files: [{ record, replicas: [8, 9] }], silent: 1 },
    `{"kind":"listed","files":[{"record":${RECORD},"holders":[8,9]}],"silent":1}`,
  ],
  [
    {
      kind: "surveyed",
      members: [
        {
          ...{ member, present: [{ id: 8, state: "alive" }] },
          lookups: [{ key: 7, owner: 8, route: [8] }],
          ...{ strategy: "successor", successors: [9], predecessors: [2], digest: 1 },
          ...{ expected: 0, dead: 0, left: 0 },
          files: { count: 1, bytes: 9, short: 0, least: 3, safe: true, damaged: 0, room: 5 },
        },
      ],
      silent: [],
    },
    `{"kind":"surveyed","members":[{"member":${JSON.stringify(member)},"present":[{"id":8,"state":"alive"}],"lookups":[{"key":7,"owner":8,"route":[8]}],"strategy":"successor","successors":[9],"predecessors":[2],"digest":1,"expected":0,"dead":0,"left":0,"files":{"count":1,"bytes":9,"short":0,"least":3,"safe":true,"damaged":0,"room":5}}],"silent":[]}`,
  ],
  [
    { kind: "failed", why: "It could not be.", maybe: true },
    '{"kind":"failed","why":"It could not be.","maybe":true}',
  ],
];

const HEAD = { v: 1, at: 1.5, seq: 3, peer: 8, incarnation: 2 } as const;
const EVENTS: readonly (readonly [LoggedEvent, string])[] = OUTCOMES.map(([outcome, text]) => [
  { ...HEAD, event: "outcome", command: 4, outcome },
  `{"v":1,"at":1.5,"seq":3,"peer":8,"incarnation":2,"event":"outcome","command":4,"outcome":${text}}`,
]);

const folder = temporaryFolder();
const printed: string[] = [];
const log = spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
const complaints = spyOn(process.stderr, "write").mockImplementation(() => true);
let opened: Folder;
let control: Control;
/** What the peer answers next, whatever it is asked. */
let outcome: Outcome = { kind: "placed", owner: 8, route: [] };
let emit: (event: LoggedEvent) => void = () => {};

const none = () => Promise.reject(new Error("nobody asks for this"));
const say = () => Promise.resolve(outcome);

beforeAll(async () => {
  opened = await openFolder(join(folder.dir, "8"));
  const host: ControlHost = {
    ...{
      status: none,
      ring: none,
      request: none,
      scrub: none,
      invite: none,
      rotate: none,
      type: () => {},
      inject: () => false,
    },
    ...{ store: say, storeFile: say, remove: say, where: say, list: say },
    subscribe: (listener) => {
      emit = listener;
      return () => {};
    },
    progress: () => ({ v: 1, bytes: null, size: null, doing: null }),
    spoolDir: opened.spoolDir,
  };
  control = serveControl(opened.dir, host);
  opened.announce({ id: 8, host: "127.0.0.1", port: 12_008, ring: 12_000, bits: 8 });
});
afterAll(async () => {
  log.mockRestore();
  complaints.mockRestore();
  await control.close();
  await opened.close();
  folder.remove();
});

function ask(path: string, method = "GET"): Promise<Response> {
  return fetch(`http://control${path}`, { unix: control.path, method });
}

test("every outcome has its text at the control socket", async () => {
  for (const [given, text] of OUTCOMES) {
    outcome = given;
    expect(await (await ask("/where/4103")).text()).toBe(text);
    expect(await (await ask("/files")).text()).toBe(text);
    if (given.kind === "failed") continue;
    expect(await (await ask("/files/4103", "DELETE")).text()).toBe(text);
  }
});

test("every outcome has its text in the stream of events", async () => {
  const reader = (await ask("/events")).body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe('{"v":1,"hello":true}\n');
  for (const [event, text] of EVENTS) {
    emit(event);
    expect(await next()).toBe(`${text}\n`);
  }
  await reader?.cancel();
});

test("a client has again what the peer had", async () => {
  const client = controlClient(opened.dir);
  for (const [given] of OUTCOMES) {
    outcome = given;
    if (given.kind === "listed") {
      expect(await client.list()).toEqual({ files: given.files, silent: given.silent });
    }
    if (given.kind === "failed") continue;
    expect(await client.where("4103")).toEqual(given);
    expect(await client.remove("4103")).toEqual(given);
  }
  const seen: LoggedEvent[] = [];
  const reader = await client.events((event) => seen.push(event));
  for (const [event] of EVENTS) emit(event);
  while (seen.length < EVENTS.length) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(EVENTS.map(([event]) => event));
  reader.close();
});

test("commands have their texts with --json", async () => {
  const choice = { peer: null, data: opened.dir };
  const [stored, where, listed] = ["stored", "where", "listed"].map((kind) =>
    OUTCOMES.find(([each]) => each.kind === kind),
  );
  const asking = { require: 0, json: true } as const;
  outcome = stored?.[0] ?? outcome;
  await Bun.write(join(folder.dir, "4103.pdf"), "x");
  expect(await storeFile(choice, join(folder.dir, "4103.pdf"), { name: null, ...asking })).toBe(0);
  expect(await removeFile(choice, "4103", asking)).toBe(0);
  outcome = where?.[0] ?? outcome;
  expect(await whereIsFile(choice, "4103", true)).toBe(0);
  outcome = listed?.[0] ?? outcome;
  expect(await listFiles(choice, true)).toBe(0);
  const told = `{"v":1,"name":"4103","ms":0,${stored?.[1].slice(1)}`;
  expect(printed.map((line) => line.replace(/"ms":[\d.]+/, '"ms":0'))).toEqual([
    told,
    told,
    `{"v":1,"name":"4103","owner":8,"holders":[8,9,14],"wanted":3,"size":300000,"sha256":"${SHA}","stamp":{"counter":12,"owner":8,"run":4000000000},"route":[2,8]}`,
    `{"v":1,"files":[${RECORD.slice(0, -1)},"conflictOf":null,"holders":[8,9]}],"silent":1}`,
  ]);
});

test("a folder says of its ring how many copies it keeps", async () => {
  const config = {
    ring: 12_000,
    bits: 8,
    strategy: "successor",
    pingIntervalMs: 1_000,
    replicationFactor: 3,
  } as const;
  await opened.saveIdentity({ id: 8, ring: 12_000, incarnation: 4, config });
  expect(readFileSync(join(opened.dir, "identity.json"), "utf8")).toBe(
    '{"v":1,"id":8,"ring":12000,"incarnation":4,"config":{"ring":12000,"bits":8,"strategy":"successor","pingIntervalMs":1000,"copies":3}}\n',
  );
});
