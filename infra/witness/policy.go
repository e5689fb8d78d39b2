package witness

import (
	"net/url"
	"strings"

	"filippo.io/torchwood"
	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/note"

	"github.com/jigowatt/daybook/domain"
)

var (
	// ErrQuorum says that the witnesses that a policy demands did not cosign.
	ErrQuorum = errors.Wrap(domain.ErrConflict, "the checkpoint is not cosigned as the policy demands")

	errPolicy = errors.Wrap(domain.ErrInvalid, "witness policy")
)

// MaxPolicyBytes and MaxWitnesses bound a policy.
const (
	MaxPolicyBytes = 64 << 10
	MaxWitnesses   = 32
)

// Policy says which witnesses there are and how many of them must have cosigned.
type Policy struct {
	policy torchwood.Policy
	asked  []asked // the witnesses that have an address
}

// asked is a witness that can be asked.
type asked struct {
	name, address string
	verifier      note.Verifier
}

// ParsePolicy reads a C2SP tlog-policy file: lines of log, witness with an address to ask at, group and quorum. It returns
// domain.ErrInvalid for anything else.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > MaxPolicyBytes {
		return nil, errors.WithHint(errors.WithStack(errPolicy), "A policy has at most 64 KiB.")
	}
	parsed, err := torchwood.ParsePolicy(text)
	if err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.WithStack(errPolicy), err),
			"Write it as C2SP tlog-policy: witness NAME KEY URL, group NAME 2 NAME NAME NAME, and quorum NAME, each on its own line.")
	}
	p := &Policy{policy: parsed}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "witness" {
			continue
		}
		verifier, err := torchwood.NewCosignatureVerifier(fields[2])
		if err != nil {
			return nil, errors.WithSecondaryError(errors.WithStack(errPolicy), err)
		}
		at, err := url.Parse(fields[3])
		if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil || at.RawQuery != "" {
			return nil, errors.WithHint(errors.Wrapf(errPolicy, "address of the witness %s", errors.Safe(fields[1])),
				"Write the address as https://witness.example.org/prefix.")
		}
		p.asked = append(p.asked, asked{fields[1], strings.TrimSuffix(at.String(), "/") + "/add-checkpoint", verifier})
	}
	if len(p.asked) > MaxWitnesses {
		return nil, errors.WithHint(errors.WithStack(errPolicy), "A policy names at most 32 witnesses with an address.")
	}
	return p, nil
}

// Check says whether a checkpoint bears the log's signature and the cosignatures that the policy demands. It returns ErrQuorum where
// cosignatures lack, or one of them is false, and domain.ErrInvalid for a key that is none.
func (p *Policy) Check(signed []byte, logKey string) error {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "verifier key of the log"), "A verifier key is written as name+number+key.")
	}
	n, err := note.Open(signed, both{log, p.policy})
	if err != nil {
		return errors.WithSecondaryError(errors.WithStack(ErrQuorum), err)
	}
	if err := p.policy.Check(log.Name(), n.Sigs); err != nil {
		return errors.WithSecondaryError(errors.WithStack(ErrQuorum), err)
	}
	return nil
}

// both knows the log's key and those of a policy, which may name the log, too.
type both struct {
	log    note.Verifier
	policy torchwood.Policy
}

// Verifier is described at note.Verifiers.
func (b both) Verifier(name string, hash uint32) (note.Verifier, error) {
	if name == b.log.Name() && hash == b.log.KeyHash() {
		return b.log, nil
	}
	return b.policy.Verifier(name, hash)
}
