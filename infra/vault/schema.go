package vault

const schemaVersion = 2

// Rows of dossier, alias, block and head must never change their length and never be deleted: see the package comment.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE secret (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE controller (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL);
CREATE TABLE dossier (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE alias (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE block (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE subject (key INTEGER PRIMARY KEY, dossier INTEGER NOT NULL, forgotten INTEGER NOT NULL);
CREATE TABLE head (id INTEGER PRIMARY KEY, heads BLOB NOT NULL);
INSERT INTO head WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n WHERE id < 255) SELECT id, zeroblob(2048) FROM n;
`

const (
	selectMeta        = `SELECT value FROM meta WHERE name = ?`
	setMeta           = `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	selectSecret      = `SELECT wrapped FROM secret WHERE name = ?`
	insertSecret      = `INSERT INTO secret (name, wrapped) VALUES (?, ?)`
	selectControllers = `SELECT id, name, wrapped FROM controller`
	insertController  = `INSERT INTO controller (id, name, wrapped) VALUES (?, ?, ?)`

	selectHeads = `SELECT id, heads FROM head`
	updateHead  = `UPDATE head SET heads = ?2 WHERE id = ?1`
	selectBlock = `SELECT body FROM block WHERE id = ?`
	insertBlock = `INSERT INTO block (body) VALUES (?)`
	updateBlock = `UPDATE block SET body = ?2 WHERE id = ?1`

	selectLastDossier   = `SELECT coalesce(max(id), 0) FROM dossier`
	selectDossier       = `SELECT body FROM dossier WHERE id = ?`
	selectDossiersAfter = `SELECT id, body FROM dossier WHERE id > ? ORDER BY id`
	insertDossier       = `INSERT INTO dossier (id, body) VALUES (?, ?)`
	updateDossier       = `UPDATE dossier SET body = ?2 WHERE id = ?1`
	selectAlias         = `SELECT body FROM alias WHERE id = ?`
	insertAlias         = `INSERT INTO alias (body) VALUES (?)`
	updateAlias         = `UPDATE alias SET body = ?2 WHERE id = ?1`

	selectSubject = `SELECT dossier FROM subject WHERE key = ?`
	insertSubject = `INSERT INTO subject (key, dossier, forgotten) VALUES (?, ?, 0) ON CONFLICT (key) DO NOTHING`
	forgetSubject = `INSERT INTO subject (key, dossier, forgotten) VALUES (?, 0, ?) ON CONFLICT (key) DO UPDATE SET dossier = 0, forgotten = excluded.forgotten`
)
