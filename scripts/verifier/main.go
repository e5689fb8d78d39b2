// Command verifier checks a ledger's history without any code of the ledger: it reads C2SP tlog-tiles from a directory or an address,
// computes every leaf and tile anew from the bundles of entries, and checks the root against the checkpoint and its Ed25519
// signature, and the cosignatures of witnesses where they are demanded. It checks single proofs, too (C2SP tlog-proof), and
// evidence bundles, of which it makes the trail and the record of Article 30(2) again.
//
// It is for people who trust nobody: it uses the standard library only, and is short enough to be read before it is run. It
// deliberately does not look at the ledger's own log.
//
//	go run . -key 'daybook/ledger+1234abcd+AQ…' DIRECTORY
//	go run . -key 'daybook/ledger+1234abcd+AQ…' http://127.0.0.1:8430/api/v1/proof
//	go run . -key … -since checkpoint-that-you-kept DIRECTORY
//	go run . -key … -witness KEY -witness KEY -quorum 2 DIRECTORY
//	go run . -key … -event EVENT.json FILE.tlog-proof
//	go run . -key … -bundle FILE.zip
//
// Exit codes: 0 the history is whole, 1 it could not be checked, 2 the command line makes no sense, 3 it is not the one that was signed.
package main

import (
	"flag"
	"fmt"
	"os"
)

// end prints why the program ends.
func end(code int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(code)
}

func bad(format string, values ...any) { end(3, "NOT the history that was signed: "+format, values...) }

func main() {
	key := flag.String("key", "", "the verifier key of the ledger, which you have from somewhere you trust")
	since := flag.String("since", "", "a file with the checkpoint up to which you verified everything before")
	event := flag.String("event", "", "the file of an event, byte for byte as it is stored; what is checked is the proof of it")
	bundle := flag.Bool("bundle", false, "what is checked is an evidence bundle")
	quorum := flag.Int("quorum", 0, "how many of the witnesses must have cosigned; all by default")
	var witnesses []verifierKey
	flag.Func("witness", "the key of a witness that must have cosigned; may be given more than once", func(text string) error {
		w, err := parseKey(text, witnessKey)
		witnesses = append(witnesses, w)
		return err
	})
	flag.Parse()
	log, err := parseKey(*key, logKey)
	if flag.NArg() != 1 || err != nil || *quorum < 0 || *quorum > len(witnesses) {
		end(2, "usage: verifier -key KEY [-since CHECKPOINT] [-witness KEY]… [-quorum N] DIRECTORY|URL\n"+
			"       verifier -key KEY -event EVENT [-witness KEY]… FILE.tlog-proof\n"+
			"       verifier -key KEY -bundle [-witness KEY]… FILE.zip")
	}
	demanded := len(witnesses)
	if *quorum > 0 {
		demanded = *quorum
	}
	if *bundle {
		checkBundle(flag.Arg(0), log, witnesses, demanded)
		return
	}
	if *event != "" {
		checkProof(flag.Arg(0), *event, log, witnesses, demanded)
		return
	}
	v := verifier{files: open(flag.Arg(0))}
	c, cosigned := v.heads(log, witnesses, demanded)
	v.size = c.size
	var before checkpoint
	if *since != "" {
		note, err := os.ReadFile(*since)
		if err != nil {
			end(1, "the checkpoint that you kept cannot be read: %v", err)
		}
		before, _ = openCheckpoint(note, log, nil)
		if before.size > c.size {
			bad("it has %d events, and had %d when you verified it", c.size, before.size)
		}
	}
	leaves := v.check(before)
	for _, must := range []checkpoint{before, cosigned, c} {
		if got := tree(leaves[:must.size]); must.origin != "" && got != must.root {
			bad("the root of the first %d events is %x, and %x was signed", must.size, got, must.root)
		}
	}
	if before.size > 0 {
		fmt.Printf("%s: of %d events, those from position %d on are the ones that were signed; root %x\n", c.origin, c.size, before.size, c.root)
		fmt.Printf("the first %d are those of the checkpoint that you kept by their hashes; they were not read again\n", before.size)
	} else {
		fmt.Printf("%s: %d events, every one the one that was signed; root %x\n", c.origin, c.size, c.root)
	}
	if cosigned.origin != "" {
		fmt.Printf("the first %d are cosigned as you demand\n", cosigned.size)
	}
}
