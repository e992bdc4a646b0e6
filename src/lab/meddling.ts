/** How an answer of a control socket is changed on its way: a document, a stream of events, a content. */
import { CONTENT_HEADER } from "../control/types.ts";
import type { Asked } from "./control-proxy.ts";
import { sha256 } from "./corpus.ts";

/** A JSON object, of which nothing more is known. */
export type Fields = Record<string, unknown>;

/** Changes the document that comes as an answer; one that is an error stays. */
export async function changeDocument(
  answered: Promise<Response>,
  change: (document: Fields) => Fields,
): Promise<Response> {
  const response = await answered;
  if (!response.ok) return response;
  return Response.json(change(fieldsOf(await response.json())));
}

/** Leaves events out of a stream. @param keep whether one is passed on */
export async function sieveEvents(
  answered: Promise<Response>,
  keep: (event: Fields) => boolean,
): Promise<Response> {
  const response = await answered;
  if (response.body === null) return response;
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  const lines = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, out) {
      const parts = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      const kept = parts.filter((line) => line === "" || keep(fieldsOf(JSON.parse(line))));
      if (kept.length > 0) out.enqueue(encoder.encode(`${kept.join("\n")}\n`));
    },
  });
  const { status, headers } = response;
  return new Response(response.body.pipeThrough(lines), { status, headers });
}

/** Gives another content in the place of the one that comes. */
export async function changeContent(
  answered: Promise<Response>,
  content: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const response = await answered;
  const header = response.headers.get(CONTENT_HEADER);
  if (!response.ok || header === null) return response;
  await response.body?.cancel();
  const headers = new Headers(response.headers);
  const said = { ...fieldsOf(JSON.parse(header)), size: content.length, sha256: sha256(content) };
  headers.set(CONTENT_HEADER, JSON.stringify(said));
  return new Response(content, { status: response.status, headers });
}

export function isStore({ method, file }: Asked): boolean {
  return file !== null && (method === "PUT" || method === "POST");
}

export function isRequest({ method, file }: Asked): boolean {
  return file !== null && method === "GET";
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
