/**
 * Faults to plant in the protocol, one build of the simulator each: the proof that its checks bite. A
 * fault that stands for a law of the protocol names, as `checks`, those that may be the ones to catch it.
 */

/** One replacement in a file under src/protocol; `find` stands there exactly once. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

export type Fault = {
  readonly name: string;
  /** What the fault breaks, in a sentence. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  readonly checks: readonly string[];
  /** Caught within few seeds, and so played with every run of the tests. */
  readonly quick: boolean;
};

/** Every fault has to be caught within so many seeds. */
export const MOST_SEEDS = 200;

export const FAULTS: readonly Fault[] = [
  f("forget second, rounds only", "rounds.ts", "const successors = view.after(self.id, 2);", "const successors = view.after(self.id, 1);"),
  f2("forget second: rounds, watch, probe after failure", [
    e("rounds.ts", "const successors = view.after(self.id, 2);", "const successors = view.after(self.id, 1);"),
    e("reporting.ts", "peer.view.after(peer.self.id, 2).filter(", "peer.view.after(peer.self.id, 1).filter("),
    e("trials.ts", "peer.view.after(peer.self.id, PROBED_AFTER_FAILURE)", "peer.view.after(peer.self.id, 0)"),
  ]),
  f("forget second in the view", "view.ts", "return this.#walk(this.#indexFrom(position + 1), 1, position, count);", "return this.#walk(this.#indexFrom(position + 1), 1, position, count === 2 ? 1 : count);"),
  f("believe word of death", "news.ts", 'tryMember(peer, present, "word", []);', 'learn(peer, member, "word");'),
  f2("believe word of death, not telling", [
    e("news.ts", 'tryMember(peer, present, "word", []);', 'learn(peer, member, "word");'),
    e("news.ts", 'send(peer, present.address, "stream", { tag: "gossip", joining: false, members: [member] });', ""),
  ]),
  f2("stale alive", [
    e("records.ts", "compareMembers(member, old) > 0;", "compareMembers(member, old) > 0 || (isPresent(member) && !isPresent(old));"),
    e("news.ts", "else if (joining && fresh)", "else if (fresh || old !== undefined || joining)"),
  ]),
  f("stale alive, beats only", "records.ts", "compareMembers(member, old) > 0;", "compareMembers(member, old) > 0 || (isPresent(member) && !isPresent(old));"),
  f("drop refutation", "news.ts", "if (former || !isPresent(member)) raiseTo(peer, member.incarnation + 1);", "if (former || !isPresent(member)) return;"),
  f("owner off by one", "view.ts", "const start = this.#indexFrom(key);", "const start = this.#indexFrom(key + 1);"),
  f("join without lock", "admitting.ts", "} else if (lock !== null) {", "} else if (lock !== null && lock.joiner.id === joiner.id) {"),
  f2("join without lock, answered at once, not told on", [
    e("admitting.ts", "} else if (lock !== null) {", "} else if (lock !== null && lock.joiner.id === joiner.id) {"),
    e("admitting.ts", "const predecessor = peer.view.predecessor(peer.self.id);", "const predecessor = undefined as Member | undefined;"),
  ]),
  f2("join without lock and rumour forgotten", [
    e("admitting.ts", "} else if (lock !== null) {", "} else if (lock !== null && lock.joiner.id === joiner.id) {"),
    e("admitting.ts", "peer.joiningRumours.set(member.id, member);", ""),
  ]),
  f("ack before copies", "placing.ts", "others.filter((h) => hasConfirmed(peer, name, h))", "others"),
  f("reuse incarnation at restart", "starting.ts", "else raiseTo(peer, peer.start.incarnation + 1);", "else raiseTo(peer, Math.max(1, peer.start.incarnation));"),
  f2("reuse incarnation at restart, persisted", [ e("starting.ts", "else raiseTo(peer, peer.start.incarnation + 1);", "else peer.effects.push({ type: \"persist\", id: peer.self.id, incarnation: Math.max(1, peer.start.incarnation) });"), ]),
  f("reuse incarnation at refutation", "incarnation.ts", "setSelf(peer, incarnation, peer.self.state);", "setSelf(peer, isIn(peer) ? Math.max(1, peer.self.incarnation) : incarnation, peer.self.state);"),
  f("raise without durable", "incarnation.ts", "peer.effects.push({ type: \"persist\", id: peer.self.id, incarnation: wanted });", "peer.effects.push({ type: \"persist\", id: peer.self.id, incarnation: isIn(peer) ? 1 : wanted }); if (isIn(peer)) becomeIncarnation(peer, wanted);"),
  f("drop unconfirmed spare", "copies.ts", "if (!holders.every((h) => hasConfirmed(peer, name, h))) {", "if (holders.length === 0) {"),
  f("never repair", "copies.ts", "if (offerMissing(peer)) peer", "if (peer.files.size < 0) peer"),
  f("forget the gone", "records.ts", "peer.gone.set(member.id, { member, since: peer.now, triedAt: peer.now });", ""),
  f("never compare tables", "spreading.ts", "pong.digest === peer.view.digest) return;", "pong.digest >= 0) return;"),
  f("never raise the stamp", "placing.ts", "best?.record.stamp.counter ?? 0) + 1;", "best?.record.stamp.counter ?? 0);"),
  f("no inquiry before stamp", "placing.ts", "Math.max(peer.counter, best?.record.stamp.counter ?? 0) + 1", "1 + (best === null ? 0 : 0)"),
  f("overshoot finger", "routing.ts", "return around[2 ** Math.floor(Math.log2(places + 1)) - 1];", "return around[Math.min(around.length - 1, 2 ** Math.floor(Math.log2(places + 1)))];"),
  f("failed hop is lost", "overdue.ts", "rerouteHop(peer, key);", ""),
  f("never notice silence", "rounds.ts", "if (!awaited.has(successor.id)) watchWith(peer, successor, nonce);", ""),
  f("confirmations kept", "copies.ts", "new Set(confirmed.filter((birth) => births.has(birth)))", "new Set(confirmed)"),
  f("rival never yields", "news.ts", "exit(peer, 1, sentences.rivalWon(from));", ""),
  f("never try the gone", "rounds.ts", "  tryOneGone(peer);\n  const", "  const"),
  f("leaver does not hand on", "leaving.ts", "if (shortOfCopies(peer).length === 0) depart(peer);", "depart(peer);"),
  f("newcomer silence is no word", "news.ts", 'learn(peer, makeMember({ ...target, state: "dead" }), "lost");', ""),
  f("holding without durable", "copies.ts", "if (mine !== undefined && compareStamps(mine.stamp, record.stamp) >= 0) held.push(mine);", "held.push(record);\n    if (mine !== undefined && compareStamps(mine.stamp, record.stamp) >= 0) continue;"),
];
function e(file: string, find: string, replace: string): Edit { return { file, find, replace }; }
function f2(name: string, edits: Edit[]): Fault { return { name, breaks: "", edits, checks: [], quick: true }; }
function f(name: string, file: string, find: string, replace: string): Fault { return f2(name, [e(file, find, replace)]); }
