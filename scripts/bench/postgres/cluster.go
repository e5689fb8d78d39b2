package postgres

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/jackc/pgx/v5"

	"github.com/jigowatt/daybook/scripts/bench/child"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// Find gives the folder of PostgreSQL's server programs: the one asked for, else Debian's of version 15, else the PATH's.
// It returns "" where there is none.
func Find(asked string) string {
	candidates := []string{asked}
	if asked == "" {
		candidates = []string{"/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin"}
		if initdb, err := exec.LookPath("initdb"); err == nil {
			candidates = append(candidates, filepath.Dir(initdb))
		}
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil && dir != "" {
			return dir
		}
	}
	return ""
}

// Cluster is a running private cluster with the events table in it.
type Cluster struct {
	dir   string
	child *child.Process
	url   string
	admin *pgx.Conn
}

// configuration is what differs from PostgreSQL's defaults; the memory suits a machine that the bench shares.
func configuration(port int, dir string, sharedBuffersMiB int) map[string]string {
	return map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(port), "unix_socket_directories": dir,
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "wal_level": "replica",
		"shared_buffers": strconv.Itoa(sharedBuffersMiB) + "MB", "effective_cache_size": strconv.Itoa(4*sharedBuffersMiB) + "MB",
		"max_wal_size": "8GB", "checkpoint_timeout": "15min", "checkpoint_completion_target": "0.9", "wal_buffers": "64MB",
		"work_mem": "64MB", "maintenance_work_mem": "512MB", "max_connections": "150", "jit": "off",
		"random_page_cost": "1.1", "logging_collector": "off", "log_min_messages": "error",
	}
}

// Start makes a new cluster below parent, starts it on a port of the loopback and creates the table. As root it runs as the
// postgres user, or nobody where there is none, since PostgreSQL refuses to run as root.
func Start(ctx context.Context, bin, parent string, port int) (_ *Cluster, err error) {
	dir, err := os.MkdirTemp(parent, "daybook-bench-pg-")
	if err != nil {
		return nil, errors.Wrap(err, "folder for postgresql")
	}
	defer func() {
		if err != nil {
			err = errors.CombineErrors(err, os.RemoveAll(dir))
		}
	}()
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data, secret, password := filepath.Join(dir, "data"), filepath.Join(dir, "password"), rand.Text()
	// The folder is PostgreSQL's alone; the file need not be.
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil {
		return nil, errors.Wrap(err, "password for postgresql")
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "bench", "--auth-local=reject",
		"--auth-host=scram-sha-256", "--pwfile", secret, "--encoding=UTF8", "--locale=C", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.WithDetail(errors.Wrap(err, "initdb"), string(out))
	}
	arguments := []string{"-D", data}
	for name, value := range configuration(port, dir, sharedBuffers()) {
		arguments = append(arguments, "-c", name+"="+value)
	}
	c := &Cluster{dir: dir, url: "postgres://bench:" + password + "@127.0.0.1:" + strconv.Itoa(port) + "/postgres?sslmode=disable"}
	c.child, err = child.Start(ctx, syscall.SIGINT, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), arguments...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		return cmd
	})
	if err != nil {
		return nil, err
	}
	err = c.child.Until(ctx, 30*time.Second, func(ctx context.Context) bool {
		c.admin, err = pgx.Connect(ctx, c.url)
		return err == nil
	})
	if err == nil {
		err = c.createTable(ctx)
	}
	if err != nil {
		return nil, errors.CombineErrors(err, c.Stop())
	}
	return c, nil
}

// sharedBuffers is a tenth of the memory, within 128 MiB and 2 GiB.
func sharedBuffers() int {
	return int(max(128, min(2048, memoryMiB()/10)))
}

func memoryMiB() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil || runtime.GOOS != "linux" {
		return 4096
	}
	var kib uint64
	for _, c := range text[len("MemTotal:"):] {
		if c >= '0' && c <= '9' {
			kib = kib*10 + uint64(c-'0')
		} else if kib > 0 {
			break
		}
	}
	return kib >> 10
}

// Stop shuts the cluster down and deletes it.
func (c *Cluster) Stop() error {
	if c.admin != nil {
		// The context that the cluster lives under may be over already.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = c.admin.Close(ctx)
		cancel()
	}
	return errors.CombineErrors(c.child.Stop(), os.RemoveAll(c.dir))
}

// Settings reads from the server what it runs with.
func (c *Cluster) Settings(ctx context.Context) ([]report.Setting, error) {
	var all []report.Setting
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "wal_sync_method", "full_page_writes",
		"wal_level", "shared_buffers", "effective_cache_size", "max_wal_size", "checkpoint_timeout", "wal_buffers",
		"commit_delay", "autovacuum", "jit", "data_checksums"} {
		var value string
		if err := c.admin.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return nil, errors.Wrap(err, "postgresql setting")
		}
		all = append(all, report.Setting{Name: name, Value: value})
	}
	return append(all, report.Setting{Name: "client", Value: "pgx 5, TCP loopback, prepared statements"},
		report.Setting{Name: "table", Value: "jsonb payload; primary key (position), unique (id), index (person, position); append-only trigger"}), nil
}
