package opendsr_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/opendsr"
	"github.com/jigowatt/daybook/infra/wire"
)

func clock() time.Time { return noon }

// check holds a signature against the certificate, with a library.
func check(certificate, body []byte, signature string) error {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return errors.New("no certificate")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	signed, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	public, is := leaf.PublicKey.(*rsa.PublicKey)
	if !is {
		return errors.New("no RSA key")
	}
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signed)
}

// A callback's signature is over its exact bytes, and a program that nobody here wrote finds it good.
func TestOpenSSLFindsTheSignatureOfACallbackGood(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl on this machine to check the signature with")
	}
	w := newWorld(t)
	w.found()
	w.send()
	call := w.client.got()[0]
	if of := call.header.Get(wire.HeaderDSRDomain); of != "localhost" {
		t.Errorf("signed for %s", of)
	}
	dir := t.TempDir()
	in := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
	}
	certificate := in("certificate", must(w.signer.Certificate()))
	public, err := run("x509", "-in", certificate, "-pubkey", "-noout")
	if err != nil {
		t.Fatalf("openssl reads no certificate: %v %s", err, public)
	}
	verify := func(body []byte) ([]byte, error) {
		return run("dgst", "-sha256", "-verify", in("public", public), "-signature",
			in("signature", must(base64.StdEncoding.DecodeString(call.header.Get(wire.HeaderDSRSignature)))), in("body", body))
	}
	if out, err := verify(call.body); err != nil {
		t.Errorf("openssl finds it bad: %v %s", err, out)
	}
	if out, err := verify(append(call.body, ' ')); err == nil {
		t.Errorf("openssl finds a changed body good: %s", out)
	}
}

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	body := []byte(`{"request_status":"pending"}`)
	signature, of, err := opendsr.NewSigner(dir, clock).Sign(body)
	if err != nil || of != "localhost" {
		t.Fatalf("%s, %+v", of, err)
	}
	later := opendsr.NewSigner(dir, clock)
	certificate := must(later.Certificate())
	if err := check(certificate, body, signature); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if err := check(certificate, []byte(`{"request_status":"completed"}`), signature); err == nil {
		t.Error("it fits another body")
	}
	for _, file := range []string{"opendsr.key", "opendsr.crt"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAKeyThatIsNoneSignsNothing(t *testing.T) {
	good := t.TempDir()
	must(opendsr.NewSigner(good, clock).Certificate())
	for rule, change := range map[string]func(dir string) error{
		"no key":         func(dir string) error { return os.WriteFile(filepath.Join(dir, "opendsr.key"), []byte("x"), 0o600) },
		"no certificate": func(dir string) error { return os.WriteFile(filepath.Join(dir, "opendsr.crt"), []byte("x"), 0o600) },
		"another key's certificate": func(dir string) error {
			other := t.TempDir()
			return os.WriteFile(filepath.Join(dir, "opendsr.crt"), must(opendsr.NewSigner(other, clock).Certificate()), 0o600)
		},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if _, _, err := opendsr.NewSigner(dir, clock).Sign([]byte("x")); !errors.Is(err, domain.ErrInvalid) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}
