package kurrentlog

import (
	"crypto/tls"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// known are the settings that a connection string may hold. The client takes others with a shrug; a slip in "tls" must not pass.
var known = map[string]bool{
	"tls": true, "tlscafile": true, "tlsverifycert": true, "usercertfile": true, "userkeyfile": true,
	"nodepreference": true, "discoveryinterval": true, "gossiptimeout": true, "maxdiscoverattempts": true,
	"keepaliveinterval": true, "keepalivetimeout": true, "defaultdeadline": true,
}

// parse reads a connection string. What it returns never repeats it, since it may hold a password; that is why the client's own
// words are dropped.
func parse(text string, answerTime time.Duration) (esdb.Configuration, error) {
	if text == "" {
		return esdb.Configuration{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "no connection string of KurrentDB"),
			"Name the server as esdb://host:2113, with --kurrentdb-url or in DAYBOOK_KURRENTDB_URL.")
	}
	if rest, is := strings.CutPrefix(text, "kurrentdb"); is { // as newer clients write it
		text = "esdb" + rest
	}
	_, query, _ := strings.Cut(text, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return esdb.Configuration{}, invalidURL()
	}
	for key := range values {
		if !known[strings.ToLower(key)] {
			return esdb.Configuration{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "unknown setting in the connection string"),
				"Settings are tls, tlsCAFile, tlsVerifyCert, userCertFile, userKeyFile, nodePreference, discoveryInterval, gossipTimeout, "+
					"maxDiscoverAttempts, keepAliveInterval, keepAliveTimeout and defaultDeadline.")
		}
	}
	c, err := esdb.ParseConnectionString(text)
	if err != nil || c.Validate() != nil {
		return esdb.Configuration{}, invalidURL()
	}
	if c.DisableTLS && c.Username != "" {
		return esdb.Configuration{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "credentials for KurrentDB without TLS"),
			"Article 32: the client sends no password over a connection in the clear. Use tls=true, or leave user and password out "+
				"where the server runs with --insecure.")
	}
	if c.UserCertFile != "" {
		if _, err := tls.LoadX509KeyPair(c.UserCertFile, c.UserKeyFile); err != nil {
			return esdb.Configuration{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "user certificate for KurrentDB"),
				"userCertFile and userKeyFile must name PEM files of a certificate and its key that daybook may read.")
		}
	}
	// One attempt: the client is dead for good when its attempts are used up, so that the log makes another one anyway.
	c.MaxDiscoverAttempts, c.DiscoveryInterval = 1, 1
	// A server that hangs must leave time for the next one, and nobody can be called back from looking for it. Seconds, twice a server.
	c.GossipTimeout = min(max(1, c.GossipTimeout), max(1, int(answerTime/(2*time.Second))))
	c.DefaultDeadline = &answerTime
	c.NodePreference = esdb.NodePreferenceLeader
	return *c, nil
}

func invalidURL() error {
	return errors.WithHint(errors.Wrap(domain.ErrInvalid, "the connection string of KurrentDB"),
		"Write it as esdb://user:password@host:2113?tlsCAFile=ca.pem, or esdb://127.0.0.1:2113?tls=false on this machine; files that "+
			"it names must exist.")
}

// hear takes what the client wants to be logged. Only its constant words are kept: what it fills in are addresses and the texts of
// errors, which are not known to be free of credentials.
func (l *Log) hear(level esdb.LogLevel, format string, _ ...any) {
	if level == esdb.LogDebug || level == esdb.LogInfo {
		return
	}
	l.logger.DebugContext(l.done, "the KurrentDB client has something to say", slog.String("words", words(format)))
}

// words cuts a format where something would be filled in.
func words(format string) string {
	text, _, _ := strings.Cut(format, "%")
	return strings.Trim(text, " :'([.")
}
