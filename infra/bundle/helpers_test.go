package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bundle"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/tiles"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// The people: ada and ben are fenland's, carl is wharf's. Keys are written as the log writes them.
const ada, adaToo, ben, carl domain.SubjectKey = 2, 4, 6, 8

// history has two controllers whose services bear the same names, and who share recipients; what is wharf's has names that begin w-.
func history() (events []string) {
	add := func(id, source, kind, data string) {
		at := began.Add(time.Duration(len(events)) * time.Minute).Format(time.RFC3339Nano)
		events = append(events, `{"specversion":"1.0","id":"`+id+`","source":"`+source+`","type":"daybook.`+kind+`.v1","time":"`+at+
			`","recorded":"`+at+`","data":`+data+`}`)
	}
	add("p-0", "/daybook", "processor.declared", `{"name":"Aldgate","regime":"UK","territory":["GB"],"measures":["Encryption <at rest>"]}`)
	for _, c := range []string{"fenland", "wharf"} {
		add(c+"-0", "/daybook", "controller.declared", `{"controller":"`+c+`","name":"`+c+` Ltd","regime":"UK","country":"GB"}`)
		add(c+"-1", "/daybook", "service.declared", `{"controller":"`+c+`","service":"crm","name":"CRM","reportsWithin":3600}`)
		add(c+"-2", "/daybook", "contact.declared", `{"controller":"`+c+`","contact":"anna","role":"Owner","subject":"000000000000j","details":"`+c+`-sealed"}`)
	}
	add("p-1", "/daybook", "contact.declared", `{"controller":"daybook","contact":"petra","role":"Privacy manager","subject":"000000000000k","details":"Bwg"}`)
	for _, r := range []string{"northprint", "w-printer", "hmrc", "unnamed"} {
		add("r-"+r, "/daybook", "recipient.declared", `{"recipient":"`+r+`","name":"`+r+` Ltd","kind":"sub-processor","country":"GB"}`)
	}
	given := func(c, name string, version int, recipients string) {
		add(fmt.Sprint(c, "-", name, version), "/daybook", "instruction.given", fmt.Sprintf(`{"controller":"%s","instruction":"%s","version":%d,`+
			`"terms":{"title":"%s","purpose":"Sell","basis":"A6-1-b","operations":["Store"],"categories":["pd:Name"],"recipients":[%s],"retention":[]}}`,
			c, name, version, name, recipients))
	}
	given("fenland", "orders", 1, `"northprint"`)
	given("fenland", "orders", 2, `"northprint","hmrc"`)
	given("fenland", "mailing", 1, ``)
	given("wharf", "orders", 1, `"w-printer","northprint"`)
	add("f-withdrawn", "/daybook", "instruction.withdrawn", `{"controller":"fenland","instruction":"mailing","version":1}`)
	action := func(id, c string, who domain.SubjectKey, rest string) {
		add(id, "/"+c+"/crm", "action.recorded", `{"subject":"`+who.String()+`","identifier":"email","operation":"Store","instruction":"orders","version":2,`+
			`"basis":"A6-1-b","categories":["pd:Name","pd:EmailAddress"],"system":"crm","location":"GB"`+rest+`}`)
	}
	action("a-1", "fenland", ada, `,"details":"AQID-g"`)
	action("w-1", "wharf", carl, "")
	action("b-1", "fenland", ben, "")
	add("a-linked", "/daybook", "identifier.linked", `{"controller":"fenland","subject":"`+ada.String()+`","joined":"`+adaToo.String()+`","identifier":"customer"}`)
	action("a-2", "fenland", adaToo, `,"recipient":"northprint","findings":["reported-late"]`)
	add("a-case", "/daybook", "case.received", `{"controller":"fenland","case":"case-1","on":"2026-11-23","kind":"erasure","subjects":["`+ada.String()+`"],"regime":"UK"}`)
	add("b-case", "/daybook", "case.received", `{"controller":"fenland","case":"case-2","on":"2026-11-23","kind":"access","subjects":["`+ben.String()+`"],"regime":"UK"}`)
	add("w-case", "/daybook", "case.received", `{"controller":"wharf","case":"case-1","on":"2026-11-23","kind":"access","subjects":["`+carl.String()+`"],"regime":"UK"}`)
	add("a-found", "/daybook", "case.found", `{"controller":"fenland","case":"case-1","on":"2026-11-24","places":[{"kind":"system","name":"crm"}]}`)
	add("b-transferred", "/daybook", "case.transferred", `{"controller":"fenland","case":"case-2","on":"2026-11-24","to":"wharf"}`)
	add("a-looked", "/daybook/oversight", "record.viewed", `{"actor":"petra","known":"claimed","reason":"request","case":"case-1","controller":"fenland","subjects":["`+ada.String()+`"],"view":"trail"}`)
	add("b-looked", "/daybook/oversight", "record.viewed", `{"actor":"petra","known":"claimed","reason":"request","case":"case-1","controller":"fenland","subjects":["`+ben.String()+`"],"view":"trail"}`)
	add("s-order", "/daybook", "court-order.received", `{"controller":"fenland","order":"co-secret","authority":"hmrc","jurisdiction":"GB","reference":"HMRC 7/26","issued":"2026-11-20T00:00:00Z","categories":["pd:Name"],"forbiddenUntil":"2027-01-23T00:00:00Z"}`)
	action("s-action", "fenland", ada, `,"recipient":"hmrc","order":"co-secret"`)
	add("s-hold", "/daybook", "hold.placed", `{"controller":"fenland","subject":"`+ada.String()+`","hold":"h-1","ground":"court-order","reference":"HMRC 7/26"}`)
	add("s-released", "/daybook", "hold.released", `{"controller":"fenland","subject":"`+ada.String()+`","hold":"h-1"}`)
	add("s-settled", "/daybook", "case.settled", `{"controller":"fenland","case":"case-1","on":"2026-11-24","place":{"kind":"recipient","name":"hmrc"},"how":"told"}`)
	add("s-looked", "/daybook/oversight", "record.viewed", `{"known":"unnamed","reason":"authority","controller":"fenland","subjects":["`+ada.String()+`"],"view":"trail"}`)
	action("a-routine", "fenland", ada, `,"recipient":"hmrc"`)
	add("o-order", "/daybook", "court-order.received", `{"controller":"fenland","order":"co-open","authority":"hmrc","jurisdiction":"GB","reference":"QB 1","issued":"2026-11-20T00:00:00Z","categories":["pd:Name"]}`)
	action("b-open", "fenland", ben, `,"recipient":"hmrc","order":"co-open"`)
	for i := range 600 { // so that there are full tiles
		action(fmt.Sprint("w-more-", i), "wharf", carl, "")
	}
	action("a-last", "fenland", ada, "")
	return events
}

// ledger is a log with its proof.
type ledger struct {
	log    *memlog.Log
	events []string
	from   bundle.Sources
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	l := &ledger{log: memlog.New(memlog.Config{}), events: history()}
	var stored [][]byte
	for _, e := range l.events {
		stored = append(stored, []byte(e))
	}
	must(t, l.log.Append(t.Context(), 0, stored))
	dir := t.TempDir()
	proof, err := tiles.Open(t.Context(), l.log, tiles.Config{
		Dir: filepath.Join(dir, "tiles"), Last: filepath.Join(dir, "checkpoint"), Seed: bytes.Repeat([]byte{1}, tiles.SeedSize), Every: time.Millisecond,
	})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); proof.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	waiting, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	must(t, proof.Await(waiting, domain.Position(len(stored)-1), false))
	l.from = bundle.Sources{Log: l.log, Files: proof, Signed: proof.Published(), Key: proof.Key(), Program: "1.0.0", Now: began.AddDate(0, 0, 1), Dir: dir}
	return l
}

// bundled makes a bundle.
func (l *ledger) bundled(t testing.TB, scope bundle.Scope) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := bundle.Create(t.Context(), l.from, scope, &b)
	must(t, err)
	return b.Bytes()
}

// packed is a file of a bundle with what is in it.
type packed struct {
	name    string
	content []byte
}

func unpacked(t testing.TB, b []byte) (files []packed) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		files = append(files, packed{f.Name, content})
	}
	return files
}

// pack makes a zip as bundles are.
func pack(t testing.TB, files []packed) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, ModifiedDate: 1<<5 | 1})
		must(t, err)
		_, err = w.Write(f.content)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func verify(b []byte, key string) (bundle.Verdict, error) {
	return bundle.Verify(bytes.NewReader(b), int64(len(b)), key, nil)
}

// standAlone builds the verifier that shares no code with the ledger, and gives what it says of a bundle.
func standAlone(t *testing.T) func(b []byte, key string) (code int, says string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "verifier")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "scripts", "verifier")
	build.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(b []byte, key string) (int, string) {
		file := filepath.Join(dir, "bundle.zip")
		must(t, os.WriteFile(file, b, 0o600))
		cmd := exec.Command(program, "-key", key, "-bundle", file)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
}
