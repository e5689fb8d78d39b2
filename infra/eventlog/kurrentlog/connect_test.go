package kurrentlog_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// authority issues certificates, in files of a temporary directory.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	key, der := a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	a.cert, a.key = cert, key
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

// sign makes a key and a certificate for it, by the authority, or by itself where there is none yet.
func (a *authority) sign(template *x509.Certificate) (*ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, by := template, key
	if a.cert != nil {
		parent, by = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	must(a.t, err)
	return key, der
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	must(a.t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// issue makes a certificate for 127.0.0.1 that servers and clients can show.
func (a *authority) issue(name string) (certFile, keyFile string) {
	key, der := a.sign(&x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(a.t, err)
	return a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "EC PRIVATE KEY", keyDER)
}

func TestTLSUserCertificatesAndCredentials(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	pair, err := tls.LoadX509KeyPair(a.issue("server"))
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	userCert, userKey := a.issue("user")
	const password = "canary-7f3"
	s := kurrenttest.Start(t, kurrenttest.Config{
		TLS:           &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert},
		Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte("ledger:"+password)),
	})
	ca := "tlsCAFile=" + filepath.Join(a.dir, "ca.pem")
	user := "&userCertFile=" + userCert + "&userKeyFile=" + userKey
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))

	log := open(t, kurrentlog.Config{URL: "esdb://ledger:" + password + "@" + s.Addr() + "?" + ca + user, Logger: logger})
	must(t, log.Append(t.Context(), 0, [][]byte{[]byte("1")}))
	logtest.Check(t, log, [][]byte{[]byte("1")})

	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"another password":                {"esdb://ledger:" + password + "x@" + s.Addr() + "?" + ca + user, domain.ErrUnavailable},
		"no password":                     {"esdb://" + s.Addr() + "?" + ca + user, domain.ErrUnavailable},
		"no user certificate":             {"esdb://ledger:" + password + "@" + s.Addr() + "?" + ca, domain.ErrUnavailable},
		"an authority nobody knows":       {"esdb://ledger:" + password + "@" + s.Addr() + "?tls=true" + user, domain.ErrUnavailable},
		"half a user certificate":         {"esdb://ledger:" + password + "@" + s.Addr() + "?" + ca + "&userCertFile=" + userCert, domain.ErrInvalid},
		"a user certificate that is none": {"esdb://ledger:" + password + "@" + s.Addr() + "?" + ca + "&userCertFile=" + userKey + "&userKeyFile=" + userCert, domain.ErrInvalid},
		"no file of the authority":        {"esdb://ledger:" + password + "@" + s.Addr() + "?tlsCAFile=/nowhere/" + password, domain.ErrInvalid},
		"a password in the clear":         {"esdb://ledger:" + password + "@" + s.Addr() + "?tls=false", domain.ErrInvalid},
		"an unknown setting":              {"esdb://ledger:" + password + "@" + s.Addr() + "?tsl=" + password, domain.ErrInvalid},
		"another scheme":                  {"http://ledger:" + password + "@" + s.Addr(), domain.ErrInvalid},
		"no URL at all":                   {"esdb://ledger:" + password + "@%zz:x?" + password + "=%", domain.ErrInvalid},
		"a port that is none":             {"esdb://ledger:" + password + "@127.0.0.1:" + password, domain.ErrInvalid},
		"nobody there":                    {"esdb://ledger:" + password + "@127.0.0.1:1?" + ca, domain.ErrUnavailable},
	} {
		_, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: c.url, Logger: logger, AnswerTime: time.Second})
		if !errors.Is(err, c.want) || errors.FlattenHints(err) == "" {
			t.Errorf("%s: %v, hint %q", name, err, errors.FlattenHints(err))
		}
		for _, text := range []string{err.Error(), errors.FlattenHints(err), errors.FlattenDetails(err), fmt.Sprintf("%+v", err)} {
			if strings.Contains(text, password) || strings.Contains(text, s.Addr()) {
				t.Errorf("%s: the error tells a secret: %s", name, text)
			}
		}
	}
	log.Close()
	if strings.Contains(logged.String(), password) || strings.Contains(logged.String(), base64.StdEncoding.EncodeToString([]byte(password))) {
		t.Error("the log tells a secret")
	}
}

func TestAFollowerIsNotTakenForTheLeader(t *testing.T) {
	t.Parallel()
	leader := kurrenttest.Start(t, kurrenttest.Config{})
	follower := kurrenttest.Start(t, kurrenttest.Config{DB: leader.DB(), Leader: leader})
	for name, url := range map[string]string{
		"named alone":                    follower.URL(),
		"found by gossip":                "esdb://" + follower.Addr() + "," + leader.Addr() + "?tls=false",
		"preferred by somebody's wishes": "esdb://" + follower.Addr() + "," + leader.Addr() + "?tls=false&nodePreference=follower",
		"as newer clients name it":       "kurrentdb://" + follower.Addr() + "?tls=false",
	} {
		t.Run(name, func(t *testing.T) {
			log := open(t, kurrentlog.Config{URL: url, Name: strings.ReplaceAll(name, " ", "-")[:11] + string(rune('a'+len(name)%20))})
			all := [][]byte{[]byte("1"), []byte("2")}
			must(t, log.Append(t.Context(), 0, all))
			logtest.Check(t, log, all)
			eventually(t, "the log follows", func() bool { return log.Health() == nil })
		})
	}
	if follower.Referred() == 0 {
		t.Error("the follower was never asked")
	}
}

func TestServersWithoutAListOfMethodsAreTaken(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{Old: true})
	log := open(t, kurrentlog.Config{URL: s.URL()})
	must(t, log.Append(t.Context(), 0, [][]byte{[]byte("1")}))
	logtest.Check(t, log, [][]byte{[]byte("1")})
}

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{})
	for name, cfg := range map[string]kurrentlog.Config{
		"capital letters":      {Name: "Ledger"},
		"a system stream":      {Name: "$all"},
		"a long name":          {Name: strings.Repeat("a", 21)},
		"too small an append":  {MaxAppendSize: domain.MaxEventBytes},
		"a negative append":    {MaxAppendSize: -1},
		"too large an append":  {MaxAppendSize: 17 << 20},
		"no connection string": {URL: "-"},
	} {
		if cfg.URL = s.URL(); name == "no connection string" {
			cfg.URL = ""
		}
		if _, err := kurrentlog.Open(t.Context(), cfg); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: opened with %v, want it invalid", name, err)
		}
	}
}
