package opendsr

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

const (
	keyFile, certificateFile = "opendsr.key", "opendsr.crt"
	// keyBits is the length of a key that is made here.
	keyBits = 3072
	// validFor is how long a certificate that is made here holds.
	validFor = 5 * 365 * 24 * time.Hour
	// maxFile bounds what is read of a key or a certificate.
	maxFile = 64 << 10
	// ownDomain is the domain of a certificate that is made here: the ledger listens on this machine only.
	ownDomain = "localhost"
)

// Signer signs bodies with the key of the processor. The key and its certificate are PEM files, opendsr.key and opendsr.crt, in one
// directory: an operator puts those there that an authority issued for the processor's domain. Where there are none they are made
// with the first signature, and the certificate is signed by itself.
type Signer struct {
	dir string
	now func() time.Time

	mu          sync.Mutex // over the rest
	key         *rsa.PrivateKey
	certificate []byte // PEM
	domain      string
}

// NewSigner makes a signer whose files are in a directory. now is the clock by which a certificate is dated.
func NewSigner(dir string, now func() time.Time) *Signer { return &Signer{dir: dir, now: now} }

// Sign gives the base64 of the signature over a body (RSASSA-PKCS1-v1_5 with SHA-256), and the domain of the certificate. It returns
// domain.ErrInvalid where the files hold no RSA key with its certificate, and domain.ErrUnavailable where they cannot be read or made.
func (s *Signer) Sign(body []byte) (signature, of string, err error) {
	if err := s.open(); err != nil {
		return "", "", err
	}
	digest := sha256.Sum256(body)
	signed, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	return base64.StdEncoding.EncodeToString(signed), s.domain, errors.Wrap(err, "sign for OpenDSR")
}

// Certificate gives the certificate that checks the signatures, in PEM. It returns what Sign returns.
func (s *Signer) Certificate() ([]byte, error) {
	err := s.open()
	return s.certificate, err
}

// open reads the files, or makes them, once.
func (s *Signer) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key != nil {
		return nil
	}
	key, err := read(filepath.Join(s.dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.make(); err != nil {
			return err
		}
		key, err = read(filepath.Join(s.dir, keyFile))
	}
	if err != nil {
		return unavailable(err, "read the key for OpenDSR")
	}
	certificate, err := read(filepath.Join(s.dir, certificateFile))
	if err != nil {
		return unavailable(err, "read the certificate for OpenDSR")
	}
	return s.take(key, certificate)
}

// take reads a key and its certificate.
func (s *Signer) take(key, certificate []byte) error {
	wrong := func(what string) error {
		return errors.WithHint(errors.Wrapf(domain.ErrInvalid, "%s for OpenDSR", errors.Safe(what)),
			"Put an RSA key of 2,048 bits or more (PKCS #8, PEM) into keys/opendsr.key and its certificate into keys/opendsr.crt, or remove both.")
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return wrong("the key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, is := parsed.(*rsa.PrivateKey)
	if err != nil || !is || private.N.BitLen() < 2048 {
		return wrong("the key")
	}
	block, _ = pem.Decode(certificate)
	if block == nil {
		return wrong("the certificate")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || len(leaf.DNSNames) == 0 || !private.PublicKey.Equal(leaf.PublicKey) {
		return wrong("the certificate")
	}
	s.key, s.certificate, s.domain = private, certificate, leaf.DNSNames[0]
	return nil
}

// make makes a key and a certificate, and brings both to disk, the key last: where there is a key, there is a certificate.
func (s *Signer) make() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return unavailable(err, "make the directory of the key for OpenDSR")
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return unavailable(err, "make the key for OpenDSR")
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return unavailable(err, "make the certificate for OpenDSR")
	}
	now := s.now().UTC()
	leaf := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: ownDomain}, DNSNames: []string{ownDomain}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validFor),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		return unavailable(err, "make the certificate for OpenDSR")
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return unavailable(err, "encode the key for OpenDSR")
	}
	return errors.CombineErrors(
		write(filepath.Join(s.dir, certificateFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		write(filepath.Join(s.dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

func read(path string) ([]byte, error) {
	content, err := os.ReadFile(path) //nolint:gosec // The path is the operator's.
	if len(content) > maxFile {
		return nil, errors.Wrap(domain.ErrInvalid, "size of a file for OpenDSR")
	}
	return bytes.TrimSpace(content), err
}

// write brings a file to disk that only its owner reads, whole or not at all.
func write(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return unavailable(err, "make a file for OpenDSR")
	}
	_, err = f.Write(content)
	err = errors.CombineErrors(errors.CombineErrors(err, f.Sync()), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	return unavailable(err, "write a file for OpenDSR")
}

func syncDirectory(path string) error {
	d, err := os.Open(path) //nolint:gosec // The path is the operator's.
	if err != nil {
		return err
	}
	return errors.CombineErrors(d.Sync(), d.Close())
}

// unavailable says of a failure of the file system what was being done.
func unavailable(err error, what string) error {
	if err == nil || errors.Is(err, domain.ErrInvalid) {
		return err
	}
	return errors.WithHint(errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "%s", errors.Safe(what)), err),
		"Check that the directory keys in the data directory can be read and written.")
}
