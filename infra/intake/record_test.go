package intake_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestWhatIsRecordedIsAnsweredByAReceipt(t *testing.T) {
	w := start(t)
	key := read[wire.Key](w, w.ask(msg(wire.KeySubject, "", "")))
	sealed := must(wire.Seal(key, "fenland", "shop", wire.ContentEvent, []byte(event("sealed"))))
	sealedBatch := must(wire.Seal(key, "fenland", "shop", wire.ContentBatch, []byte("["+event("s1")+","+event("s2")+"]")))
	binary := msg(subject(wire.Record), wire.ContentJSON, `{"operation":"Store","subjects":["email:ada@example.org"]}`)
	for name, value := range map[string]string{
		"CE-SpecVersion": "1.0", "ce-id": "binary", "ce-source": "/fenland/shop", "ce-type": wire.TypeAction, "ce-time": "2026-11-23T10%3A00%3A00Z",
	} {
		binary.Header[name] = []string{value}
	}
	for rule, row := range map[string]struct {
		m   *nats.Msg
		ids []string
	}{
		"one event":                          {msg(subject(wire.Record), wire.ContentEvent, event("one")), []string{"one"}},
		"one event without a content type":   {msg(subject(wire.Record), "", event("plain")), []string{"plain"}},
		"a batch":                            {msg(subject(wire.Record), wire.ContentBatch, "["+event("b1")+","+event("b2")+"]"), []string{"b1", "b2"}},
		"a batch by its first character":     {msg(subject(wire.Record), "", "["+event("b3")+"]"), []string{"b3"}},
		"attributes in headers":              {binary, []string{"binary"}},
		"a sealed event":                     {msg(subject(wire.Record), wire.ContentSealed, string(sealed)), []string{"sealed"}},
		"a sealed batch":                     {msg(subject(wire.Record), wire.ContentSealed, string(sealedBatch)), []string{"s1", "s2"}},
		"two people, one action, two events": {msg(subject(wire.Record), "", eventOf("two", `["email:ada@example.org","customer:7"]`)), []string{"two"}},
	} {
		reply := w.ask(row.m)
		var receipts []wire.Receipt
		if reply.Data[0] != '[' {
			receipts = []wire.Receipt{read[wire.Receipt](w, reply)}
		} else {
			for _, item := range read[[]wire.Item](w, reply) {
				receipts = append(receipts, *item.Receipt)
			}
		}
		var ids []string
		for _, r := range receipts {
			ids = append(ids, r.ID)
			if r.Duplicate || len(r.Leaf) != 32 || uint64(r.Position)+uint64(r.Events) > uint64(w.log.End()) {
				t.Errorf("%s: receipt %+v, the log ends at %d", rule, r, w.log.End())
			}
		}
		if !slices.Equal(ids, row.ids) {
			t.Errorf("%s: receipts for %q, want %q", rule, ids, row.ids)
		}
		again := w.ask(row.m)
		if !strings.Contains(string(again.Data), `"duplicate":true`) {
			t.Errorf("%s: a repetition is answered by %s", rule, again.Data)
		}
	}
	if n := len(w.recorded()); n != 11 {
		t.Errorf("%d events in the log, want 11", n)
	}
}

func TestWhatIsRefusedIsAnsweredByItsProblem(t *testing.T) {
	w := start(t)
	record := subject(wire.Record)
	read[wire.Receipt](w, w.ask(msg(record, "", event("known"))))
	key := read[wire.Key](w, w.ask(msg(wire.KeySubject, "", "")))
	twice := must(wire.Seal(key, "fenland", "shop", wire.ContentSealed, []byte("x")))
	other := must(wire.Seal(key, "fenland", "other", wire.ContentEvent, []byte(event("x"))))
	for rule, row := range map[string]struct {
		m    *nats.Msg
		code wire.Code
	}{
		"no JSON":                        {msg(record, "", canary), wire.Malformed},
		"nothing":                        {msg(record, "", ""), wire.Malformed},
		"not UTF-8":                      {msg(record, "", "{\"id\":\"\xff\"}"), wire.Malformed},
		"a zero byte in a text":          {msg(record, "", strings.Replace(event("x"), "crm", `c\u0000m`, 1)), wire.InvalidField},
		"a bare zero byte":               {msg(record, "", strings.Replace(event("x"), "crm", "c\x00m", 1)), wire.Malformed},
		"an unknown member":              {msg(record, "", strings.Replace(event("x"), `"system"`, `"sistem"`, 1)), wire.UnknownField},
		"a missing member":               {msg(record, "", "{}"), wire.InvalidField},
		"an operation that is none":      {msg(record, "", strings.Replace(event("x"), "Store", "Stow", 1)), wire.InvalidField},
		"a person without a kind":        {msg(record, "", strings.Replace(event("x"), "email:", "", 1)), wire.InvalidField},
		"another service's source":       {msg(record, "", strings.Replace(event("x"), "/fenland/shop", "/fenland/crm", 1)), wire.InvalidField},
		"an empty batch":                 {msg(record, wire.ContentBatch, "[]"), wire.InvalidField},
		"too many events":                {msg(record, wire.ContentBatch, "["+strings.Repeat("{},", 1000)+"{}]"), wire.TooLarge},
		"a body beyond the limit":        {msg(record, "", strings.Repeat(" ", wire.MaxBodyBytes+1)), wire.TooLarge},
		"the longest message of all":     {msg(record, "", strings.Repeat("[", int(w.nc.MaxPayload()))), wire.TooLarge},
		"deep nesting":                   {msg(record, "", strings.Replace(event("x"), `{"note":"call"}`, strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000), 1)), wire.TooLarge},
		"an unknown content type":        {msg(record, "text/html", event("x")), wire.UnsupportedMediaType},
		"a charset":                      {msg(record, "application/json; charset=latin1", event("x")), wire.UnsupportedMediaType},
		"sealed for another service":     {msg(record, wire.ContentSealed, string(other)), wire.Unsealable},
		"sealed twice":                   {msg(record, wire.ContentSealed, string(twice)), wire.Unsealable},
		"not sealed at all":              {msg(record, wire.ContentSealed, event("x")), wire.Unsealable},
		"other content under a known id": {msg(record, "", strings.Replace(event("known"), "crm", "erp", 1)), wire.Conflict},
		"a controller that is no name":   {msg("daybook.v1.record.Fenland.shop", "", event("x")), wire.InvalidField},
		"a question of several":          {msg(subject(wire.Ask), wire.ContentBatch, "["+event("x")+","+event("y")+"]"), wire.InvalidField},
		"a question that is none":        {msg(subject(wire.Ask), "", "{"), wire.Malformed},
	} {
		t.Run(rule, func(t *testing.T) {
			reply := w.ask(row.m)
			p := problemOf(w, reply)
			if p.Code != row.code || p.Title == "" || p.Hint == "" {
				t.Errorf("%s", reply.Data)
			}
			if reply.Header.Get(wire.HeaderError) != p.Title || reply.Header.Get(wire.HeaderContentType) != wire.ContentProblem {
				t.Errorf("headers %v", reply.Header)
			}
			if bytes.Contains(reply.Data, []byte("canary")) {
				t.Errorf("the problem repeats what was sent: %s", reply.Data)
			}
		})
	}
	if got := w.recorded(); len(got) != 1 {
		t.Errorf("%q was recorded", got)
	}
	if aside := w.aside(); len(aside) != 0 {
		t.Errorf("what was answered was set aside, too: %+v", aside)
	}
}

func TestOneBadEventDoesNotTakeABatchDown(t *testing.T) {
	w := start(t)
	bad := strings.Replace(event("bad"), "Store", "Stow", 1)
	items := read[[]wire.Item](w, w.ask(msg(subject(wire.Record), wire.ContentBatch, "["+event("a")+","+bad+",!,"+event("b")+"]")))
	if len(items) != 4 || items[0].Receipt == nil || items[3].Receipt == nil ||
		items[1].Problem.Code != wire.InvalidField || items[2].Problem.Code != wire.Malformed {
		t.Errorf("%+v", items)
	}
	if got := w.recorded(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("recorded %q", got)
	}
}

func TestAQuestionIsAnsweredAndNotRecorded(t *testing.T) {
	w := start(t)
	a := read[wire.Answer](w, w.ask(msg(subject(wire.Ask), "", event("q"))))
	if a.Permitted || len(a.Reasons) == 0 {
		t.Errorf("without an instruction the answer is %+v", a)
	}
	if got := w.recorded(); len(got) != 0 {
		t.Errorf("recorded %q", got)
	}
}

func TestABusyLedgerSaysSo(t *testing.T) {
	w := newWorld(t)
	w.limits.QueueActions = 1
	w.open()
	w.run()
	release := w.log.Hold()
	defer release()
	inbox := w.nc.NewRespInbox()
	replies := must(w.nc.SubscribeSync(inbox))
	for i := range 5000 {
		w.check(w.nc.PublishMsg(&nats.Msg{Subject: subject(wire.Record), Reply: inbox, Data: []byte(event("e" + string(rune('a'+i%26)) + strings.Repeat("x", i%50)))}))
	}
	p := problemOf(w, must(replies.NextMsg(patience)))
	if p.Code != wire.Busy || p.Status != 429 || p.Hint == "" {
		t.Errorf("%+v", p)
	}
}

func TestAClosedLedgerIsUnavailable(t *testing.T) {
	w := newWorld(t)
	w.open()
	stop := w.runLedger()
	w.runIntake()
	stop()
	if p := problemOf(w, w.ask(msg(subject(wire.Record), "", event("x")))); p.Code != wire.Unavailable {
		t.Errorf("%+v", p)
	}
}

func TestAWriterThatStartsAgainIsUnavailableAndLosesNothing(t *testing.T) {
	w := start(t)
	w.log.Inject(memlog.Unanswered)
	if p := problemOf(w, w.ask(msg(subject(wire.Record), "", event("x")))); p.Code != wire.Unavailable {
		t.Errorf("%+v", p)
	}
	w.until("a receipt", func() bool {
		reply := w.ask(msg(subject(wire.Record), "", event("x")))
		return reply.Header.Get(wire.HeaderErrorCode) == "" && read[wire.Receipt](w, reply).Duplicate
	})
	if got := w.recorded(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("recorded %q", got)
	}
}

func TestTheServiceIsDiscovered(t *testing.T) {
	w := start(t)
	if ping := read[micro.Ping](w, w.ask(msg("$SRV.PING.daybook", "", ""))); ping.Name != "daybook" || ping.Version != "1.2.3" {
		t.Errorf("%+v", ping)
	}
	info := read[micro.Info](w, w.ask(msg("$SRV.INFO", "", "")))
	var names []string
	for _, e := range info.Endpoints {
		names = append(names, e.Name)
		file := path.Base(e.Metadata["schema"])
		schema, err := fs.ReadFile(wire.Schemas(), file)
		if err != nil {
			t.Errorf("endpoint %s: %v", e.Name, err)
			continue
		}
		var id struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(schema, &id); err != nil || id.ID != e.Metadata["schema"] {
			t.Errorf("endpoint %s names the schema %q, which calls itself %q", e.Name, e.Metadata["schema"], id.ID)
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"ask", "claim", "heartbeat", "inbox", "key", "record"}) {
		t.Errorf("endpoints %q", names)
	}
	read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", event("x"))))
	stats := read[micro.Stats](w, w.ask(msg("$SRV.STATS.daybook", "", "")))
	if i := slices.IndexFunc(stats.Endpoints, func(e *micro.EndpointStats) bool { return e.Name == "record" }); stats.Endpoints[i].NumRequests != 1 {
		t.Errorf("%+v", stats.Endpoints[i])
	}
}

// The ledger may publish where its callers may not: it must not be led to do so by the subject that an answer is asked for on.
func TestNobodyIsAnsweredOnSubjectsOfTheServerOrTheLedger(t *testing.T) {
	w := start(t)
	for i, reply := range []string{"$JS.API.STREAM.PURGE.DAYBOOK_INBOX", "daybook.quarantine", "daybook.log", subject(wire.Inbox)} {
		spy := must(w.nc.SubscribeSync(reply))
		id := "x" + string(rune('0'+i))
		w.check(w.nc.PublishMsg(&nats.Msg{Subject: subject(wire.Record), Reply: reply, Data: []byte(event(id))}))
		w.until("the recording", func() bool { return slices.Contains(w.recorded(), id) })
		read[wire.Key](w, w.ask(msg(wire.KeySubject, "", ""))) // what was answered before has been answered now
		if n, _, _ := spy.Pending(); n != 0 {
			t.Errorf("the ledger published on %s", reply)
		}
		w.check(spy.Unsubscribe())
	}
}
