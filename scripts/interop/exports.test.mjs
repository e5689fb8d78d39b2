// What the ledger exports, opened by programs that nobody here wrote: readers of CSV, Excel, Parquet, JSON-LD and N-Quads in JavaScript.
// Every cell is held against the ledger's own answer in JSON. DAYBOOK_SERVER names a running demo; ./scripts/test starts one.
import { test } from "node:test";
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import jsonld from "jsonld";
import { Parser, Store } from "n3";
import XLSX from "xlsx";

const server = `${process.env.DAYBOOK_SERVER ?? "http://127.0.0.1:8430"}/api/v1`;
const controller = "wharf-physio", person = "email:ada.wren@example.org";
const json = { "Content-Type": "application/json" };

async function answered(path, options) {
  for (const end = Date.now() + 60_000; ;) {
    const res = await fetch(`${server}${path}`, options);
    if (res.status === 200) return res;
    const said = await res.text();
    assert.ok(res.status === 503 && Date.now() < end, `${path}: ${res.status} ${said}`);
    await new Promise((again) => setTimeout(again, 200));
  }
}
const get = async (path) => (await answered(path)).json();
const post = async (path, body) => (await answered(path, { method: "POST", headers: json, body: JSON.stringify(body) })).json();
async function file(what, format, more = {}) {
  const res = await answered("/exports", { method: "POST", headers: { ...json, "Daybook-Actor": "interop", "Daybook-Reason": "audit" }, body: JSON.stringify({ what, format, ...more }) });
  return Buffer.from(await res.arrayBuffer());
}
const lines = (buffer) => buffer.toString("utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));

// What stands in a column, by its name: a text, a number, a time, or nothing.
const joined = (name) => (r) => (r[name] ?? []).join(" ");
const plain = (...names) => Object.fromEntries(names.map((name) => [name, (r) => r[name] ?? ""]));
const times = (...names) => Object.fromEntries(names.map((name) => [name, (r) => (r[name] ? new Date(r[name]) : "")]));
const lists = (...names) => Object.fromEntries(names.map((name) => [name, joined(name)]));
const codes = (r) => (r.findings ?? []).map((f) => f.code).join(" ");
const tables = {
  findings: {
    entry: (r) => r.position, ...times("time", "recorded"), ...plain("controller", "service", "operation", "instruction", "version", "basis", "stated"),
    ...lists("categories"), ...plain("system", "location", "recipient", "order"), findings: codes, ...plain("sentence"),
  },
  recipients: {
    ...plain("recipient", "name", "kind", "country"), listed: (r) => String(r.listed ?? false), ...plain("controller"), ...times("first", "last"),
    ...plain("entries", "people"), ...lists("services", "instructions", "operations", "categories", "countries", "safeguards"),
  },
  retention: {
    ...times("due"), ...plain("state", "controller"), ...lists("person"), ...plain("instruction", "version", "basis", "system", "service"),
    ...lists("categories"), ...plain("reason"), ...lists("holds"), ...plain("order"), ...times("first", "newest"), ...plain("sentence"),
  },
  trail: {
    entry: (r) => r.position, ...times("time", "recorded"), ...plain("type", "service", "identifier", "operation", "instruction", "version", "basis", "stated"),
    ...lists("categories"), ...plain("system", "from", "location", "recipient", "order"), findings: codes, sealed: (r) => String(r.sealed ?? false),
    ...plain("sentence"),
  },
};
const answers = {
  findings: async () => (await get("/findings?limit=500")).entries,
  recipients: async () => (await get("/recipients/seen")).recipients,
  trail: async () => (await post(`/controllers/${controller}/people/trail`, { person, order: "oldest", limit: 500 })).entries,
};
const scope = { trail: { controller, person } };

// An answer may bring opened details, which no export does.
const strip = ({ details, ...rest }) => rest;
const bytesOf = (b) => b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength);

// As each format writes it.
const harmless = (text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);
const inCSV = (v) => (v instanceof Date ? v.toISOString() : typeof v === "string" ? harmless(v) : String(v));
const inParquet = (v) => (v === "" ? null : typeof v === "number" ? BigInt(v) : v);
const days = (v) => Math.round((v.getTime() / 86_400_000 + 25_569) * 86_400_000);

for (const [what, columns] of Object.entries(tables)) {
  test(`${what}: CSV, Excel and Parquet say what the ledger's answer says`, async () => {
    let rows, csv, xlsx, parquet;
    for (let tries = 0; ; tries++) { // another client may record meanwhile
      rows = lines(await file(what, "jsonl", scope[what]));
      csv = await file(what, "csv", scope[what]);
      xlsx = await file(what, "xlsx", scope[what]);
      parquet = await file(what, "parquet", scope[what]);
      const said = answers[what] ? await answers[what]() : rows;
      const again = lines(await file(what, "jsonl", scope[what]));
      if (JSON.stringify(rows) === JSON.stringify(again) && JSON.stringify(rows.map(strip)) === JSON.stringify(said.map(strip))) break;
      assert.ok(tries < 20, `the export is not what is answered: ${JSON.stringify(rows[0])} and ${JSON.stringify(said[0])}`);
    }
    assert.ok(rows.length > 2, `${rows.length} rows`);
    const names = Object.keys(columns);
    const want = rows.map((r) => names.map((name) => columns[name](r)));

    const read = parse(csv, { bom: true });
    assert.deepEqual(read[0], names);
    assert.deepEqual(read.slice(1), want.map((row) => row.map(inCSV)));

    const objects = await parquetReadObjects({ file: bytesOf(parquet) });
    assert.deepEqual(Object.keys(objects[0]).sort(), [...names].sort());
    assert.deepEqual(objects.map((o) => names.map((name) => o[name] ?? null)), want.map((row) => row.map(inParquet)));

    const book = XLSX.read(xlsx, { cellStyles: true });
    const sheet = book.Sheets[book.SheetNames[0]];
    const cell = (row, column) => sheet[XLSX.utils.encode_cell({ r: row, c: column })];
    names.forEach((name, c) => assert.equal(cell(0, c).v, want.some((row) => row[c] instanceof Date) ? `${name} (UTC)` : name));
    want.forEach((row, r) => row.forEach((v, c) => {
      const got = cell(r + 1, c);
      assert.equal(got?.f, undefined, "a formula");
      if (v instanceof Date) {
        assert.equal(Math.round(got.v * 86_400_000), days(v), `${names[c]} in row ${r}`);
        assert.equal(got.w, v.toISOString().slice(0, 23).replace("T", " "), "as it is shown");
      } else assert.equal(got?.v ?? "", v, `${names[c]} in row ${r}`);
    }));
    assert.equal(XLSX.utils.decode_range(sheet["!ref"]).e.r, rows.length);
    assert.ok(sheet["!cols"].every((c) => c.width >= 9), "columns that show nothing");
  });
}

test("the log as Parquet holds every event that the log has, byte for byte", async () => {
  const { end } = await get("/status");
  const events = lines(await file("log", "jsonl", { at: end }));
  const objects = await parquetReadObjects({ file: bytesOf(await file("log", "parquet", { at: end })) });
  assert.equal(objects.length, end);
  objects.forEach((o, i) => {
    const { position, event } = events[i];
    assert.deepEqual([o.position, o.id, o.source, o.type, o.time.toISOString()], [BigInt(position), event.id, event.source, event.type, new Date(event.time).toISOString()]);
    assert.deepEqual(JSON.parse(o.data), event.data);
  });
});

test("the record of Article 30 in DPV is a graph of the same record", async () => {
  const record = await get("/article30");
  const base = "https://example.org/record";
  const doc = JSON.parse(await file("article30", "dpv"));
  const quads = await jsonld.toRDF(doc, { base, format: "application/n-quads", documentLoader: (url) => { throw new Error(`it fetches ${url}`); } });
  const graph = new Store(new Parser({ format: "N-Quads" }).parse(quads));
  const dpv = "https://w3id.org/dpv#", type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
  const activities = record.records.flatMap((r) => (r.activities ?? []).map((a) => ({ ...a, controller: r.controller })));
  assert.ok(activities.length > 10);
  assert.equal(graph.getSubjects(type, `${dpv}Process`, null).length, activities.length);
  assert.equal(graph.getObjects(`${base}#record`, `${dpv}hasProcess`, null).length, activities.length);
  for (const a of activities) {
    const process = `${base}#process/${a.controller}/${a.instruction}`;
    const one = (property) => graph.getObjects(process, property, null).map((o) => o.value).sort();
    assert.deepEqual(one(`${dpv}hasDataController`), [`${base}#controller/${a.controller}`]);
    const basis = a.basis && a.basis !== "A6-1-ea" ? [`https://w3id.org/dpv/legal/eu/gdpr#${a.basis}`] : [];
    assert.deepEqual(one(`${dpv}hasLegalBasis`), basis);
    const operations = (a.lines ?? []).filter((l) => l.dimension === "operation").map((l) => dpv + l.value);
    assert.deepEqual(one(`${dpv}hasProcessing`), operations.sort());
  }
  for (const r of record.records) assert.deepEqual(graph.getObjects(`${base}#controller/${r.controller}`, `${dpv}hasName`, null).map((o) => o.value), [r.name]);
});

test("the record of Article 30 is a workbook in the manner of two authorities", async () => {
  const record = await get("/article30");
  const activities = record.records.flatMap((r) => (r.activities?.length ? r.activities : [{}]).map((a) => [r.name, a.title ?? a.instruction ?? ""]));
  for (const [format, columns] of [["ico", [0, 4]], ["cnil", [0, 4]]]) {
    const book = XLSX.read(await file("article30", format), { cellStyles: true });
    assert.equal(book.SheetNames.length, 2);
    const [form, table] = book.SheetNames.map((name) => XLSX.utils.sheet_to_json(book.Sheets[name], { header: 1, defval: "" }));
    assert.equal(form[0][1], record.processor.name);
    assert.deepEqual(table.slice(1).map((row) => columns.map((c) => row[c])), activities);
    for (const name of book.SheetNames) {
      for (const [at, cell] of Object.entries(book.Sheets[name])) if (!at.startsWith("!")) assert.equal(cell.f, undefined, `a formula in ${at}`);
    }
  }
});
