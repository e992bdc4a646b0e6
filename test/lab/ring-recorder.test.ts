/** The log of a ring: what is written can be read again, and what is no such log is told. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RecordedScreen } from "../../src/lab/recorded-screen.ts";
import { readRingLine, readRingLog } from "../../src/lab/ring-line-reader.ts";
import { RingLog } from "../../src/lab/ring-log.ts";
import { RingNews } from "../../src/lab/ring-news.ts";
import { RingRecorder, recordPath } from "../../src/lab/ring-recorder.ts";
import type { RingLine } from "../../src/page/ring-lines.ts";
import type { PeerEvent } from "../../src/protocol/model/events.ts";
import type { MemberState } from "../../src/protocol/model/member.ts";
import { emphasized } from "../../src/terminal/shown.ts";
import { eventLine, madeLog, RECORDED } from "../page/ring-logs.ts";
import { inFolder } from "../support/folder.ts";

const HEADER: RingLine = { type: "ring", v: 1, at: 1, ids: [2, 4], copies: 3, intervalMs: 1000 };

test("what is recorded is read again as it was, and the log before it is kept", async () => {
  await inFolder(async (dir) => {
    const lines = [...madeLog(3, 6, 120), { type: "typed", at: 9e12, line: "k\u5b57" } as const];
    for (const [n, all] of [[HEADER], lines].entries()) {
      const recorder = new RingRecorder(dir);
      const heard: RingLine[] = [];
      recorder.listen((line) => heard.push(line));
      for (const line of all) recorder.write(line);
      recorder.close();
      expect(heard).toEqual(all);
      expect(readRingLog(recordPath(dir))).toEqual(all);
      if (n === 1) expect(readRingLog(join(dir, "ring.1.jsonl"))).toEqual([HEADER]);
    }
    // It may have been killed amid a line.
    writeFileSync(recordPath(dir), readFileSync(recordPath(dir), "utf8").slice(0, -9));
    expect(readRingLog(recordPath(dir))).toEqual(lines.slice(0, -1));
  });
});

test("all that a screen shows is recorded but pings, and all that peers say but what nobody is shown", async () => {
  await inFolder(async (dir) => {
    const recorder = new RingRecorder(dir);
    recorder.write(HEADER);
    const screen = new RecordedScreen(recorder, false, new RingLog(dir));
    screen.line(2, "Ping request message received from Peer 4");
    // A ring that is quiet but for its pings may end.
    expect(screen.shownAt).toBe(0);
    screen.line(2, "My new first successor is Peer 4");
    screen.note(4, "a note");
    screen.say(emphasized("said"));
    screen.complain("wrong");
    const line = { event: "line", text: "Store 2067 request accepted" } as const;
    const seen = (event: Parameters<typeof eventLine>[2]) => {
      const told = eventLine(5, 2, event);
      if (told.type === "event") recorder.seen({ id: 2, at: 5, event: told.event, snapshot: null });
    };
    seen({ ...line, fold: true });
    seen({ ...line, fold: false });
    seen({ event: "outcome", command: 1, outcome: { kind: "owner", key: 1, owner: 2, route: [] } });
    recorder.close();
    const read = readRingLog(recordPath(dir));
    const shown = read.flatMap((each) =>
      each.type === "shown" ? [[each.peer, each.text, each.error]] : [],
    );
    expect(shown).toEqual([
      [2, "My new first successor is Peer 4", false],
      [4, "a note", true],
      [null, "said", false],
      [null, "wrong", true],
    ]);
    expect(read.filter(({ type }) => type === "event")).toHaveLength(1);
  });
});

test("while a ring comes together only what changes is recorded; who was doubted, and is no more, always is", () => {
  const news = new RingNews();
  const isNews = (by: number, event: PeerEvent) => {
    const line = eventLine(5, by, event);
    return (
      line.type === "event" && news.isNews({ id: by, at: 5, event: line.event, snapshot: null })
    );
  };
  const member = (state: MemberState): PeerEvent => {
    return { event: "member", id: 9, memberIncarnation: 1, state, why: "heard" };
  };
  expect(isNews(8, member("alive"))).toBe(false);
  expect(isNews(8, member("dead"))).toBe(true);
  expect(isNews(4, member("alive"))).toBe(false);
  expect(isNews(8, member("alive"))).toBe(true);
  expect(isNews(8, { event: "probe", id: 9, doubt: "refused", asked: [] })).toBe(true);
  expect(isNews(8, { event: "probe", id: 9, doubt: "answered", asked: [] })).toBe(true);
  expect(isNews(8, member("alive"))).toBe(false);
  news.stands = true;
  expect(isNews(8, member("alive"))).toBe(true);
  const neighbours = { successors: [9], predecessors: [4] };
  const own = { id: 8, bits: 8, members: [], lookups: [] };
  const snapshot = { ...own, strategy: "successor" as const, ...neighbours };
  const asked = () => news.isNews({ id: 8, at: 5, event: null, snapshot });
  expect([asked(), asked()]).toEqual([true, false]);
  news.forget(8);
  expect(isNews(8, { event: "successors", ...neighbours })).toBe(true);
  expect(asked()).toBe(false);
});

test.each([
  ["", "is no JSON"],
  ['{"type":"ring","v":2,"at":1}', "another version"],
  ['{"type":"process","at":1,"peer":2,"state":"asleep"}', '"asleep"'],
  ['{"type":"typed","at":"x","line":""}', "no number"],
  [
    '{"type":"verdict","at":1,"verdict":"passed","check":null,"peers":[],"why":""}',
    "no log of a ring has",
  ],
  [
    '{"type":"event","at":1,"peer":2,"event":{"v":1,"at":1,"seq":1,"peer":2,"incarnation":1,"event":"probe","id":3}}',
    '"doubt"',
  ],
  [
    '{"type":"event","at":1,"peer":2,"event":{"v":1,"at":1,"seq":1,"peer":2,"incarnation":1,"event":"line"}}',
    '"text"',
  ],
  [
    '{"type":"event","at":1,"peer":2,"event":{"v":1,"at":1,"seq":1,"peer":2,"incarnation":1,"event":"outcome","outcome":{"kind":"stored"}}}',
    '"record"',
  ],
])("%s is refused, and said why", (json, why) => {
  expect(() => readRingLine(json)).toThrow(why);
});

test("each line of the recorded ring is one of the form", () => {
  expect(new Set(RECORDED.map(({ type }) => type))).toEqual(
    new Set(["ring", "process", "view", "event", "shown", "stands", "typed"]),
  );
});
