/** The content that a store of this very peer brings: taken by somebody, or spoilt before anybody had it. */
import { REQUEST_RETRY_MS } from "../model/config.ts";
import type { RequestId } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import type { Peer } from "../state.ts";
import { endRequest } from "./requests.ts";

/** This peer's own content has been taken by the owner: from here on the owner's receipt is awaited. */
export function contentTaken(peer: Peer, request: RequestId): void {
  const pending = peer.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "store") return;
  pending.moving = false;
  pending.progressAt = peer.now;
  peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
}

/** Nobody has had the content, and nobody ever will: the store ends, however far it has come. */
export function contentSpoilt(peer: Peer, request: RequestId): void {
  const pending = peer.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "store") return;
  const why = sentences.spoilt(pending.ask.name);
  endRequest(peer, request, pending, { kind: "failed", why, maybe: false });
}
