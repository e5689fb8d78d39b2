// A client in another language, as a service would be: NATS and nothing of ours. DAYBOOK_NATS and DAYBOOK_SERVER name a running
// ledger with the sample register applied; ./scripts/test starts one.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { connect, headers } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { randomUUID } from "node:crypto";

const controller = process.env.DAYBOOK_CONTROLLER ?? "fenland-cycles";
const service = process.env.DAYBOOK_SERVICE ?? "webshop";
const instruction = process.env.DAYBOOK_INSTRUCTION ?? "orders";
const subject = (verb) => `daybook.v1.${verb}.${controller}.${service}`;
const person = `email:${randomUUID()}@example.org`;
let nc;

before(async () => { nc = await connect({ servers: process.env.DAYBOOK_NATS ?? "127.0.0.1:4222" }); });
after(async () => { await nc?.close(); });

function event(data, extra = {}) {
  return {
    specversion: "1.0", id: randomUUID(), source: `/${controller}/${service}`, type: "daybook.action.v1",
    time: new Date().toISOString(), datacontenttype: "application/json",
    data: { operation: "Store", subjects: [person], instruction, categories: ["pd:EmailAddress"], system: "crm", location: "GB", ...data },
    ...extra,
  };
}
const request = async (verb, body, options = {}) =>
  nc.request(subject(verb), typeof body === "string" ? body : JSON.stringify(body), { timeout: 60_000, ...options });

test("an action is recorded and its receipt says so", async () => {
  const e = event({});
  const receipt = (await request("record", e)).json();
  assert.equal(receipt.id, e.id);
  assert.equal(receipt.verdict, "conformant", JSON.stringify(receipt.findings));
  assert.equal(Buffer.from(receipt.leaf, "base64").length, 32);
  const again = (await request("record", e)).json();
  assert.equal(again.position, receipt.position);
  assert.equal(again.duplicate, true);
});

test("the same id with other content is a conflict", async () => {
  const e = event({});
  await request("record", e);
  const reply = await request("record", { ...e, data: { ...e.data, operation: "Use" } });
  assert.equal(reply.headers.get("Nats-Service-Error-Code"), "409");
  assert.equal(reply.json().code, "conflict");
});

test("a fact against the instruction is recorded with findings", async () => {
  const receipt = (await request("record", event({ categories: ["pd:CreditCardNumber"] }))).json();
  assert.equal(receipt.verdict, "findings");
  assert.deepEqual(receipt.findings.map((f) => f.code), ["category-not-instructed"]);
  assert.match(receipt.findings[0].article, /Art\. 28/);
});

test("a batch is answered event by event, and one bad event takes no other down", async () => {
  const h = headers();
  h.set("Content-Type", "application/cloudevents-batch+json");
  const items = (await request("record", [event({}), event({ operation: "Frobnicate" }), event({})], { headers: h })).json();
  assert.equal(items.length, 3);
  assert.ok(items[0].receipt && items[2].receipt);
  assert.equal(items[1].problem.code, "invalid-field");
});

test("binary mode carries the attributes in headers, whatever their case", async () => {
  const e = event({});
  const h = headers();
  for (const [name, value] of Object.entries({ specversion: e.specversion, id: e.id, source: e.source, type: e.type, time: e.time })) {
    h.append(`Ce-${name[0].toUpperCase()}${name.slice(1)}`, encodeURI(value));
  }
  h.append("ce-datacontenttype", "application/json");
  const receipt = (await request("record", JSON.stringify(e.data), { headers: h })).json();
  assert.equal(receipt.id, e.id);
});

test("asking answers before, with what would make it lawful", async () => {
  const yes = (await request("ask", event({}))).json();
  assert.equal(yes.permitted, true, JSON.stringify(yes));
  const no = (await request("ask", event({ operation: "Disclose", recipient: "nobody" }))).json();
  assert.equal(no.permitted, false);
  assert.ok(no.reasons.every((r) => r.article && r.remedy));
});

test("an answer is recorded where that is asked for, once", async () => {
  const e = event({ record: true });
  const first = (await request("ask", e)).json();
  assert.equal(first.permitted, true, JSON.stringify(first));
  assert.equal(first.receipt.id, e.id);
  const again = (await request("ask", e)).json();
  assert.equal(again.receipt.position, first.receipt.position);
  assert.equal(again.receipt.duplicate, true);
  const reported = await request("record", event({ record: true }));
  assert.equal(reported.headers.get("Nats-Service-Error-Code"), "422");
});

test("a message that cannot be read is answered with what to change", async () => {
  const bad = await request("record", event({ subject: ["misspelt"] }));
  assert.equal(bad.headers.get("Nats-Service-Error-Code"), "422");
  assert.match(bad.json().hint, /subjects/);
  const broken = await request("record", "{");
  assert.equal(broken.headers.get("Nats-Service-Error-Code"), "400");
});

test("an ordinary JetStream publish to the inbox is acknowledged and recorded", async () => {
  const ack = await jetstream(nc).publish(subject("inbox"), JSON.stringify(event({})));
  assert.ok(ack.seq > 0);
  assert.equal(ack.stream, "DAYBOOK_INBOX");
});

test("the person's record shows over HTTP what was recorded over NATS", async () => {
  const receipt = (await request("record", event({ operation: "Use" }))).json();
  const server = process.env.DAYBOOK_SERVER ?? "http://127.0.0.1:8430";
  const answer = await fetch(`${server}/api/v1/controllers/${controller}/people/trail`, {
    method: "POST", headers: { "Content-Type": "application/json", "Daybook-Min-Position": String(receipt.position + 1) },
    body: JSON.stringify({ person }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok(!text.includes(person.slice(6)), "the answer repeats the identifier");
  // The message of the inbox may be recorded after this one.
  assert.ok(JSON.parse(text).entries.some((e) => e.position === receipt.position), text);
});
