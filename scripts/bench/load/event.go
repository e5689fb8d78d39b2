package load

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
)

// EventBytes is the size of every event that the benchmark sends, in its published JSON form.
const EventBytes = 512

// Controllers and Services are the sizes of the invented organisation: each controller has its own people, and each of its
// services has a connection of its own.
const (
	Controllers = 4
	Services    = 4
)

// Service is one publishing service of one controller.
type Service struct {
	Controller string
	Name       string
	Source     string // the CloudEvents source
}

// AllServices lists the organisation's services; neighbours in the list belong to different controllers.
func AllServices() []Service {
	all := make([]Service, 0, Controllers*Services)
	for s := range Services {
		for c := range Controllers {
			controller, name := ControllerName(c), "service-"+strconv.Itoa(s)
			all = append(all, Service{controller, name, "/" + controller + "/" + name})
		}
	}
	return all
}

// ControllerName names the controller with a number from 0.
func ControllerName(n int) string { return "controller-" + strconv.Itoa(n) }

// Instruction is what every controller instructed; the register that the benchmark applies declares the same.
type Instruction struct {
	Name, Purpose, Basis, Interest string
	Operations, Categories         []string
}

// Instructions lists the instructions. Each operation of each makes a kind of event.
func Instructions() []Instruction {
	return []Instruction{
		{"orders", "CustomerOrderManagement", "A6-1-b", "", []string{"Store", "Use"}, []string{"pd:EmailAddress", "pd:PhysicalAddress"}},
		{"accounts", "LegalCompliance", "A6-1-c", "", []string{"Store"}, []string{"pd:EmailAddress", "pd:Name"}},
		{"support", "CustomerCare", "A6-1-f", "Helping people who bought", []string{"Consult", "Use"},
			[]string{"pd:EmailAddress", "pd:TelephoneNumber"}},
	}
}

// personDigits is the width of a person's number, so that every event has the same size.
const personDigits = 8

// MaxPeople is the largest number of people that the addresses can tell apart.
const MaxPeople = 99_999_999

// PersonIdentifier is the typed identifier of the person with a number: an address that cannot exist.
func PersonIdentifier(n int) string {
	b := []byte("email:p00000000@example.org")
	putDigits(b[7:7+personDigits], uint64(n))
	return string(b)
}

// ControllerOf gives the number of the controller whose customer a person is.
func ControllerOf(person int) int { return person % Controllers }

// sequenceDigits is the width of a sequence, which may not begin with a zero.
const sequenceDigits = 12

// firstSequence is what a run's sequences come after: later runs of a service count on from earlier ones, with a gap between.
func firstSequence(run uint32) uint64 { return 100_000_000_000 + 100_000_000*uint64(run%8000) }

// template is one encoded event with the places that are stamped.
type template struct {
	bytes                      []byte
	id, when, sequence, person int
	instruction                string
}

const timeLayout = "2006-01-02T15:04:05.000Z"

func newTemplate(s Service, i Instruction, operation string) (template, error) {
	const id, when, sequence = "00000000-0000-0000-0000-000000000000", timeLayout, "000000000000"
	text := `{"specversion":"1.0","id":"` + id + `","source":"` + s.Source + `","type":"daybook.action.v1","time":"` + when +
		`","sequence":"` + sequence + `","datacontenttype":"application/json","data":{"operation":"` + operation +
		`","subjects":["` + PersonIdentifier(0) + `"],"instruction":"` + i.Name +
		`","categories":["` + strings.Join(i.Categories, `","`) + `"],"system":"crm","location":"GB","basis":"` + i.Basis +
		`","details":{"note":"`
	const end = `"}}}`
	fill := EventBytes - len(text) - len(end)
	if fill < 0 {
		return template{}, errors.AssertionFailedf("the template of an event is too long")
	}
	words := strings.Repeat("as agreed on the telephone, the parcel goes to the neighbour. ", 1+fill/60)
	t := template{bytes: []byte(text + words[:fill] + end), instruction: i.Name}
	t.id = strings.Index(text, id)
	t.when = strings.Index(text, when)
	t.sequence = strings.Index(text, `"sequence":"`) + len(`"sequence":"`)
	t.person = strings.Index(text, PersonIdentifier(0)) + len("email:p")
	return t, nil
}

// Event is one stamped event, and what a table that indexes it needs to know of it.
type Event struct {
	JSON        []byte // valid until the buffer it was appended to is used again
	ID          [16]byte
	Source      string
	Person      int
	Instruction string
	Time        time.Time // millisecond precision
}

// Generator stamps the events of one service. It is not safe for use by several goroutines at once.
type Generator struct {
	service   Service
	templates []template
	people    int // of this controller
	first     int // number of the controller, the least person
	random    *rand.Rand
	now       func() time.Time
	run       uint32 // tells the ids of one run from another's
	sequence  uint64
	clock     []byte // scratch
}

// NewGenerator makes the generator of one service, for a population of people, shared out among the controllers. run goes into
// every id, so that no two generators of one service make the same ones; seed decides the people.
func NewGenerator(s Service, people int, run uint32, seed uint64, now func() time.Time) (*Generator, error) {
	if people < Controllers || people > MaxPeople {
		return nil, errors.AssertionFailedf("the population is out of range")
	}
	first, err := strconv.Atoi(s.Controller[strings.LastIndexByte(s.Controller, '-')+1:])
	if err != nil {
		return nil, errors.Wrap(err, "controller number")
	}
	g := &Generator{service: s, people: people / Controllers, first: first, now: now, run: run,
		random: rand.New(rand.NewPCG(seed, uint64(run)))}
	for _, i := range Instructions() {
		for _, operation := range i.Operations {
			t, err := newTemplate(s, i, operation)
			if err != nil {
				return nil, err
			}
			g.templates = append(g.templates, t)
		}
	}
	return g, nil
}

// Service says whose events these are.
func (g *Generator) Service() Service { return g.service }

// Append appends one event to dst and describes it; the description's JSON is the appended part.
func (g *Generator) Append(dst []byte) ([]byte, Event) {
	t := &g.templates[g.random.IntN(len(g.templates))]
	e := Event{Source: g.service.Source, Instruction: t.instruction, Time: g.now().UTC().Truncate(time.Millisecond),
		Person: g.first + Controllers*g.random.IntN(g.people)}
	g.sequence++
	start := len(dst)
	dst = append(dst, t.bytes...)
	b := dst[start:]
	e.ID = g.nextID(e.Time)
	putUUID(b[t.id:], e.ID)
	// Not in place: formatting writes beyond the text's end before it shortens it.
	g.clock = e.Time.AppendFormat(g.clock[:0], timeLayout)
	copy(b[t.when:t.when+len(timeLayout)], g.clock)
	putDigits(b[t.sequence:t.sequence+sequenceDigits], firstSequence(g.run)+g.sequence)
	putDigits(b[t.person:t.person+personDigits], uint64(e.Person))
	e.JSON = b
	return dst, e
}

// nextID makes a UUIDv7: its time leads, as the SDK's ids do, which is also what suits a B-tree best.
func (g *Generator) nextID(at time.Time) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16)
	binary.BigEndian.PutUint32(id[6:], uint32(g.sequence))
	binary.BigEndian.PutUint32(id[10:], g.run)
	binary.BigEndian.PutUint16(id[14:], uint16(g.random.Uint32()))
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

func putUUID(dst []byte, id [16]byte) {
	hex.Encode(dst[0:8], id[0:4])
	hex.Encode(dst[9:13], id[4:6])
	hex.Encode(dst[14:18], id[6:8])
	hex.Encode(dst[19:23], id[8:10])
	hex.Encode(dst[24:36], id[10:16])
}

func putDigits(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}
