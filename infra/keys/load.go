package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

const (
	// Variable is the environment variable that may hold the key in base64.
	Variable = "DAYBOOK_KEK"
	// Credential is the name of the file in $CREDENTIALS_DIRECTORY that may hold the key (systemd's LoadCredential).
	Credential = "daybook-kek"

	maxFile = 4096 // a key in base64 takes 44 bytes
)

var (
	// ErrMissing says that there is no key, and that none may be made because there is data that needs the old one.
	ErrMissing = errors.Wrap(domain.ErrNotFound, "the key-encryption key is missing")
	// ErrExposed says that others can read the key file.
	ErrExposed = errors.Wrap(domain.ErrForbidden, "others can read the key-encryption key")
)

// Config says where to look for the key. The zero value looks only into the environment.
type Config struct {
	// Dir is the folder of the key file, <data>/keys. Empty means that no file is read or made.
	Dir string
	// NoCreate forbids making a key: set it where a vault exists, whose key a new one could not replace.
	NoCreate bool
	// Getenv reads the environment; nil means os.Getenv.
	Getenv func(name string) string
	// Random is where a new key comes from; nil means crypto/rand.
	Random io.Reader
}

// Loaded is a key and what to say about it.
type Loaded struct {
	Key KEK
	// Source says where the key came from: environment, credential or file.
	Source string
	// Created says that the key was made just now.
	Created bool
	// Note is for the operator, in full sentences, where there is something to do; it must not be overlooked.
	Note string
}

// Load finds the key in the environment (base64), else among the credentials of the service, else in the file Dir/kek (mode
// 0600, in base64), which it makes, durably, where there is none. It returns domain.ErrInvalid for a key of a wrong size or
// spelling, ErrExposed, ErrMissing, and domain.ErrUnavailable where the file cannot be read or written.
func Load(config Config) (Loaded, error) {
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if text := config.Getenv(Variable); text != "" {
		key, err := parse([]byte(text))
		return Loaded{Key: key, Source: "environment"}, err
	}
	if dir := config.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		// A service manager may give access by an access control list, which shows as permission of the group.
		key, err := read(filepath.Join(dir, Credential), 0o007)
		if !errors.Is(err, os.ErrNotExist) {
			return Loaded{Key: key, Source: "credential"}, err
		}
	}
	if config.Dir == "" {
		return Loaded{}, missing()
	}
	return fromFile(config)
}

func fromFile(config Config) (Loaded, error) {
	path := filepath.Join(config.Dir, "kek")
	key, err := read(path, 0o077)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return Loaded{Key: key, Source: "file"}, err
	}
	if config.NoCreate {
		return Loaded{}, missing()
	}
	raw := make([]byte, Size)
	defer clear(raw)
	if _, err := io.ReadFull(config.Random, raw); err != nil {
		return Loaded{}, errors.Wrap(err, "make a key")
	}
	text := append(base64.StdEncoding.AppendEncode(nil, raw), '\n')
	defer clear(text)
	if err := create(path, text); err != nil {
		return Loaded{}, err
	}
	// Another process may have been first; what counts is what the file says.
	key, err = read(path, 0o077)
	return Loaded{Key: key, Source: "file", Created: err == nil, Note: note(path)}, err
}

func note(path string) string {
	return "A new key-encryption key was made in " + path + ". Back it up NOW, apart from the data: " +
		"without it nobody can read a person's details or find a person again, and whoever has both can read everything."
}

func missing() error {
	return errors.WithHint(errors.WithStack(ErrMissing),
		"Put the key back from your backup: into DAYBOOK_KEK (base64), the credential daybook-kek, or the file keys/kek of the data directory.")
}

// read gives errors that satisfy os.ErrNotExist where there is no file. exposed are the permission bits that must not be set.
func read(path string, exposed os.FileMode) (KEK, error) {
	file, err := os.Open(path)
	if err != nil {
		return KEK{}, unavailable(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return KEK{}, unavailable(err)
	}
	if info.Mode().Perm()&exposed != 0 {
		return KEK{}, errors.WithHint(errors.WithStack(ErrExposed),
			"Take the permission from others: chmod 600 <data>/keys/kek; and consider the key known to whoever could read it.")
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return KEK{}, unavailable(err)
	}
	defer clear(content)
	return parse(content)
}

// parse takes the key as it is or in base64 of either alphabet, padded or not.
func parse(content []byte) (KEK, error) {
	if len(content) == Size {
		return New(content)
	}
	text := bytes.TrimRight(bytes.TrimSpace(content), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		raw, err := encoding.AppendDecode(nil, text)
		if err == nil {
			key, err := New(raw)
			clear(raw)
			return key, err
		}
	}
	return New(nil)
}

// create writes the key under another name first and then links it to its own, so that a crash leaves the whole key or none
// and an existing key is never replaced.
func create(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unavailable(err)
	}
	file, err := os.CreateTemp(dir, ".kek-*") // mode 0600
	if err != nil {
		return unavailable(err)
	}
	_, err = file.Write(text)
	err = errors.CombineErrors(err, errors.CombineErrors(file.Sync(), file.Close()))
	if err == nil {
		err = os.Link(file.Name(), path)
	}
	if errors.Is(err, os.ErrExist) {
		err = nil
	}
	if err = errors.CombineErrors(err, os.Remove(file.Name())); err != nil {
		return unavailable(err)
	}
	return errors.CombineErrors(syncDir(dir), syncDir(filepath.Dir(dir)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unavailable(err)
	}
	if err := errors.CombineErrors(d.Sync(), d.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) error {
	return errors.Mark(errors.Wrap(err, "key file"), domain.ErrUnavailable)
}
