package app_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

// canary is an address that must never be seen again anywhere once a door has taken it.
const canary = "canary-7f3@example.org"

func (r *running) post(t *testing.T, path, contentType, body string) (int, string) {
	t.Helper()
	res, err := http.Post(r.at.HTTP+path, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer) + fmt.Sprint(res.Header)
}

func event(id, subject, more string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/fenland-cycles/webshop","type":"daybook.action.v1","time":%q,"data":{"operation":"Store","subjects":[%q],"instruction":"orders","categories":["pd:EmailAddress"],"system":"crm","location":"GB","details":{"note":"call %s"}%s}}`,
		id, time.Now().UTC().Format(time.RFC3339), subject, canary, more)
}

// TestTheCanaryIsNeverSeenAgain pushes an address through every door, rightly and wrongly, and looks for it in every answer, log
// line and file (Art. 25, 32).
func TestTheCanaryIsNeverSeenAgain(t *testing.T) {
	r := start(t, filepath.Join(t.TempDir(), "data"))
	nc, err := nats.Connect(r.at.NATS)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	subject := func(kind wire.Kind) string {
		return wire.Subject{Kind: kind, Controller: "fenland-cycles", Service: "webshop"}.String()
	}
	answers := map[string]string{}
	request := func(door, subject, body string, header nats.Header) {
		reply, err := nc.RequestMsg(&nats.Msg{Subject: subject, Data: []byte(body), Header: header}, patience)
		if err != nil {
			t.Fatalf("%s: %v", door, err)
		}
		answers[door] = string(reply.Data) + fmt.Sprint(reply.Header)
	}
	person := "email:" + canary
	batch := nats.Header{"Content-Type": {wire.ContentBatch}}
	request("record", subject(wire.Record), event("a1", person, ""), nil)
	request("record again", subject(wire.Record), event("a1", person, ""), nil)
	request("conflict", subject(wire.Record), event("a1", person, `,"location":"DE"`), nil)
	request("batch", subject(wire.Record), "["+event("a2", person, "")+","+event("a3", canary, "")+"]", batch)
	request("ask", subject(wire.Ask), event("a4", person, ""), nil)
	request("address as id", subject(wire.Record), event(canary, person, ""), nil)
	request("address as operation", subject(wire.Record), strings.Replace(event("a5", person, ""), "Store", canary, 1), nil)
	request("address as category", subject(wire.Record), strings.Replace(event("a6", person, ""), "pd:EmailAddress", canary, 1), nil)
	request("address as member", subject(wire.Record), strings.Replace(event("a7", person, ""), `"system"`, `"`+canary+`"`, 1), nil)
	request("address as source", subject(wire.Record), strings.Replace(event("a8", person, ""), "/fenland-cycles/webshop", "mailto:"+canary, 1), nil)
	request("not JSON", subject(wire.Record), canary, nil)
	request("address as content type", subject(wire.Record), "{}", nats.Header{"Content-Type": {canary}})
	request("binary", subject(wire.Record), `{"operation":"Store","subjects":["`+person+`"]}`, nats.Header{
		"ce-specversion": {"1.0"}, "ce-id": {canary}, "ce-source": {"/fenland-cycles/webshop"}, "ce-type": {"daybook.action.v1"}, "ce-time": {"2026-11-24T10:00:00Z"}})
	request("inbox", subject(wire.Inbox), event("a9", person, ""), nil)
	request("inbox, broken", subject(wire.Inbox), "{"+canary, nil)
	for _, lost := range []string{subject(wire.Record), subject(wire.Inbox), subject(wire.Ask)} {
		if err := nc.Publish(lost, []byte("{"+canary)); err != nil {
			t.Fatal(err)
		}
	}
	misuse(t, nc, r.at.NATS)
	post := func(door, path, contentType, body string) {
		_, answers["http "+door] = r.post(t, path, contentType, body)
	}
	people := "/api/v1/controllers/fenland-cycles/people/"
	post("record", "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event("b1", person, ""))
	post("record, broken", "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, canary)
	post("trail", people+"trail", "application/json", `{"person":"`+person+`"}`)
	post("trail of nobody", people+"trail", "application/json", `{"person":"email:x`+canary+`"}`)
	post("trail, broken", people+"trail", "application/json", `{"`+canary+`":1}`)
	post("holdings", people+"holdings", "application/json", `{"person":"`+person+`"}`)
	post("show", people+"show", "application/json", `{"person":"`+person+`"}`)
	post("link", people+"link", "application/json", `{"known":"`+person+`","also":"customer:`+canary+`"}`)
	post("link, broken", people+"link", "application/json", `{"known":"`+canary+`","also":"`+canary+`"}`)
	post("register, broken", "/api/v1/register", "application/json", `{"controllers":[{"id":"`+canary+`"}]}`)
	post("register, address as name", "/api/v1/register", "application/json", `{"controllers":[{"id":"x","name":"`+canary+`","regime":"UK","country":"GB"}]}`)
	post("a path of no kind", "/api/v1/"+canary, "application/json", "{}")
	post("a query of no kind", people+"trail?q="+canary, "application/json", `{"person":"`+person+`"}`)
	if len(sample.Register()) == 0 {
		t.Fatal("the sample register is empty")
	}
	// The inbox is drained beside: wait until what could be recorded is.
	for deadline := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		res, err := http.Get(r.at.HTTP + "/api/v1/log?from=0&limit=1000")
		if err != nil {
			t.Fatal(err)
		}
		log, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		answers["http log"] = string(log)
		if strings.Contains(string(log), `"id":"a9"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("what was put into the inbox was not recorded: %s", log)
		}
	}
	for door, answer := range answers {
		if strings.Contains(answer, canary) {
			t.Errorf("the answer of %q repeats the address: %s", door, answer)
		}
	}
	sweep(t, r.data)
	if err := r.stop(); err != nil {
		t.Errorf("stop: %+v", err)
	}
	sweep(t, r.data)
	if strings.Contains(r.log.String(), canary) {
		t.Errorf("the log repeats the address: %s", r.log.String())
	}
	if r.log.String() == "" {
		t.Error("nothing was logged, so that nothing was checked")
	}
}

// misuse puts the address where NATS itself sees it: in subjects, in names, and in what is no protocol.
func misuse(t *testing.T, nc *nats.Conn, url string) {
	t.Helper()
	for _, subject := range []string{"daybook.v1.record." + canary + ".shop", "daybook.v1.inbox.a." + canary, "daybook.log." + canary, canary, "$JS.API.STREAM.CREATE." + canary} {
		for _, reply := range []string{"", canary, "daybook.quarantine." + canary} {
			if err := nc.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Header: nats.Header{"X-Person": {canary}}, Data: []byte(canary)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	named, err := nats.Connect(url, nats.Name(canary))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := named.Request("$SRV.PING."+canary, []byte(canary), 50*time.Millisecond); err == nil {
		t.Error("a service of that name answers")
	}
	if _, err := named.Request("$SRV.PING", []byte(canary), patience); err != nil {
		t.Error(err)
	}
	named.Close()
	for _, sent := range []string{canary, "PUB " + canary + " 1\r\n" + canary, `CONNECT {"name":"` + canary + `","user":"` + canary + `","pass":"` + canary + "\"}\r\nPING\r\n" + canary + "\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, sent+"\r\n"+sent+"\r\n"); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn) // until the server has had enough
		conn.Close()
	}
}

// sweep looks for the canary in the name and the bytes of every file.
func sweep(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if bytes.Contains(b, []byte(canary)) || strings.Contains(path, canary) {
			t.Errorf("%s holds the address in the clear", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 8 {
		t.Fatalf("only %d files were swept", files)
	}
}
